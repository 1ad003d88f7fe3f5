r"""Gather what the report shows beside its tables and figures.

Three kinds: `faces`, the images of its viewer for one scale factor; `people`, the photographs of
each person and how the fit to them went; `facts`, when, on what and with which code the run was
made.

    idfsr gather faces --config results/demo/config/report.json \
        --shards results/demo/shards/x16/test-*.parquet \
        --restored results/demo/restored/x16/*/*.parquet --folder results/demo/report/faces/x16
    idfsr gather people --shards results/demo/shards/x8/test-*.parquet \
        --fits results/demo/fit/x*/batch-*.tsv --folder results/demo/report/people
    idfsr gather facts --benchmarks results/demo/benchmarks/restore/x*/*/*.tsv \
        --facts results/demo/report/facts.json
"""

import argparse
from pathlib import Path

from idfsr.config.report import FiguresStage
from idfsr.config.stage import load_stage
from idfsr.io.file_lists import LIST_SUFFIX, listed_files
from idfsr.report.facts import write_facts
from idfsr.report.people import write_people
from idfsr.report.sheets import write_sheets


def gather_faces(args: argparse.Namespace) -> None:
    """Gather the images of one scale factor, a sheet of tiles for each test image."""
    methods = load_stage(args.config, FiguresStage).methods
    restored = listed_files(args.restored, ".parquet")
    write_sheets(args.shards, restored, methods, args.folder)


def gather_people(args: argparse.Namespace) -> None:
    """Gather the photographs of each person, and how the fits to them went."""
    embeddings, stats = (
        listed_files([path for path in args.fits if path.suffix in (LIST_SUFFIX, suffix)], suffix)
        for suffix in (".safetensors", ".jsonl")
    )
    write_people(args.shards, embeddings, stats, args.folder)


def gather_facts(args: argparse.Namespace) -> None:
    """Say when, on what and with which code the run was made, and what its jobs have cost."""
    write_facts(args.benchmarks, args.facts)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="kind")
    faces, people, facts = (
        kinds.add_parser(name, help=gather.__doc__, description=gather.__doc__)
        for name, gather in KINDS.items()
    )
    faces.add_argument("--config", type=Path, required=True, help="settings of the stage report")
    for subparser in (faces, people):
        subparser.add_argument(
            "--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor"
        )
        subparser.add_argument("--folder", type=Path, required=True, help="folder to make")
    faces.add_argument(
        "--restored", type=Path, nargs="+", required=True,
        help="restored images of that scale factor, all methods, or lists of them",
    )  # fmt: skip
    people.add_argument(
        "--fits", type=Path, nargs="*", default=[],
        help="embedding.safetensors and stats.jsonl of the fits, or lists of them",
    )  # fmt: skip
    facts.add_argument(
        "--benchmarks", type=Path, nargs="+", required=True, help="benchmark files of Snakemake"
    )
    facts.add_argument("--facts", type=Path, required=True, help="JSON file to write")


KINDS = {"faces": gather_faces, "people": gather_people, "facts": gather_facts}
"""Kind to the function that gathers it."""


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    KINDS[args.kind](args)
