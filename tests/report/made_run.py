"""A small finished run, made by hand: every file that the page is made of, by our own writers."""

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from idfsr.config.metrics import MetricsConfig
from idfsr.config.report import ReportConfig
from idfsr.io.digests import file_digest
from idfsr.io.images import encode_png
from idfsr.io.published import COLUMNS
from idfsr.io.shards import write_shard
from idfsr.io.tables import write_table, write_tsv
from idfsr.io.texts import read_json, stats_line, write_json
from idfsr.models.weights import save_tensors
from idfsr.report.conditions import summarise_probes
from idfsr.report.facts import write_facts
from idfsr.report.groups import build_groups
from idfsr.report.networks import list_networks
from idfsr.report.page import PageInputs
from idfsr.report.people import write_people
from idfsr.report.run_tables import make_tables
from idfsr.report.sheets import INDEX_NAME, write_sheets
from idfsr.report.style import write_figure
from idfsr.report.tables import read_measurements, write_csv
from idfsr.run.config import Config, stage_settings
from idfsr.run.families import metric_names
from idfsr.run.leaks import list_roles
from tests.conftest import make_row

METHODS = ("bicubic", "codeformer", "idfsr-pt", "idfsr-ft")
SCALES = (8, 16)
PEOPLE = ("ann", "bob", "cat")
IMAGES = ("t0", "t1")

CONFIG = Config(
    run="made",
    seed=41,
    methods=METHODS,
    metrics=MetricsConfig(
        table1=("psnr", "brisque", "ids_sface"), table2=("age_diff_embedded",), num_bootstrap=200
    ),
    report=ReportConfig(num_examples=3),
)
FILES = pd.DataFrame(
    [["weights/codeformer.pth", 3, "5f" * 32, "another file"]], columns=list(COLUMNS)
)

LEAKS = pd.DataFrame([["codeformer", "psnr", "‡"]], columns=["method", "metric", "marks"])
JUDGES = pd.DataFrame(
    [vars(role) for role in list_roles(stage_settings(CONFIG, "leaks"), metric_names(CONFIG))]
)


def scores(person: int, image: int, method: str, scale_factor: int) -> dict[str, Any]:
    """Metrics of one image: each method is better than the one before, each image a bit worse."""
    rank = METHODS.index(method)
    return {
        "psnr": 20.0 + rank - 0.1 * image - (scale_factor == 16) - 0.01 * person,
        "brisque": float("nan"),
        "ids_sface": 0.9 - 0.2 * rank + 0.01 * image + 0.001 * person,
        "like_reference_sface": 0.3 + 0.2 * rank + 0.001 * person,
        "like_photographs_sface": 0.8,
        "age_diff_embedded": 9.0 - 2 * rank + 0.1 * person,
        "gt_age_embedded": 30.0,
        "model_digest": "" if method == "bicubic" else "0123456789012e45",
    }


def write_metrics(
    folder: Path, people: tuple[str, ...], images: tuple[str, ...]
) -> tuple[list[Path], list[Path]]:
    """Write the metrics of every method and scale factor; return the tables and the sets."""
    tables, sets = [], []
    for scale_factor in SCALES:
        for method in METHODS:
            rows = [
                {"identity": name, "image": image, "method": method, "scale_factor": scale_factor}
                | scores(person, number, method, scale_factor)
                for person, name in enumerate(people)
                for number, image in enumerate(images)
            ]
            path = folder / f"metrics/x{scale_factor}/{method}.parquet"
            write_table(pd.DataFrame(rows), path)
            tables.append(path)
            sets.append(path.with_suffix(".set.json"))
            write_json(sets[-1], {"method": method, "scale_factor": scale_factor})
    return tables, sets


def write_numbers(folder: Path, metrics: list[Path], sets: list[Path]) -> Path:
    """Write the CSV files of `idfsr tables`; return their folder."""
    found = read_measurements(metrics, sets, METHODS)
    tables = make_tables(found, list_networks([]), stage_settings(CONFIG, "tables"), FILES, LEAKS)
    for name in ("table1", "table2", "paired", "copying", "recognisers"):
        write_csv(getattr(tables, name), folder / f"tables/{name}.csv")
    groups = build_groups(found.images, None, METHODS, CONFIG.metrics)
    write_csv(groups, folder / "tables/groups.csv")
    write_csv(summarise_probes([], 10), folder / "tables/conditions.csv")
    write_csv(list_networks([]), folder / "tables/networks.csv")
    write_csv(FILES, folder / "tables/files.csv")
    write_csv(LEAKS, folder / "tables/leaks.csv")
    write_csv(JUDGES, folder / "tables/judges.csv")
    return folder / "tables"


def write_restored(folder: Path, scale_factor: int, people: tuple[str, ...]) -> list[Path]:
    """Write a test shard and restored images, plain grey by method; return both."""
    shard = folder / f"shards/x{scale_factor}/test-00000.parquet"
    rows = [
        make_row(name, image, part, scale_factor)
        for name in people
        for image, part in (("r0", "fit"), ("r1", "fit"), *((each, "test") for each in IMAGES))
    ]
    write_shard(rows, shard, {"scale_factor": str(scale_factor)})
    paths = [shard]
    for number, method in enumerate(METHODS):
        grey = encode_png(np.full((64, 64, 3), 60 + 40 * number, np.uint8))
        frame = pd.DataFrame(
            [(name, image, method, grey) for name in people for image in IMAGES],
            columns=["identity", "image", "method", "sr_image"],
        )
        paths.append(folder / f"restored/x{scale_factor}/{method}/all.parquet")
        write_table(frame, paths[-1])
    return paths


def write_fits(folder: Path, people: tuple[str, ...]) -> tuple[list[Path], list[Path]]:
    """Write embeddings, those of each person's first photograph, and losses; return both."""
    embeddings, stats = [], []
    for scale_factor in SCALES:
        for name in people:
            person = folder / f"fit/x{scale_factor}/{name}"
            person.mkdir(parents=True)
            z_id = torch.from_numpy(make_row(name, "r0", "fit", scale_factor)["z_id"])
            save_tensors(person / "embedding.safetensors", {"z_id": z_id}, {})
            lines = [{"step": 0, "held_out_loss": 0.5}, {"step": 1, "loss": 0.7}]
            lines.append({"step": 2, "loss": 0.5, "held_out_loss": 0.4})
            (person / "stats.jsonl").write_text("".join(map(stats_line, lines)))
            embeddings.append(person / "embedding.safetensors")
            stats.append(person / "stats.jsonl")
    return embeddings, stats


def write_benchmarks(folder: Path) -> list[Path]:
    """Write how long some jobs took; return the files."""
    paths = []
    for work, seconds in (("fit/x8", 3), ("restore/x8/idfsr-ft", 12), ("restore/x8/bicubic", 1)):
        paths.append(folder / f"benchmarks/{work}/batch-00000.tsv")
        paths[-1].parent.mkdir(parents=True)
        paths[-1].write_text(f"s\th:m:s\n{seconds}\t0:00:{seconds:02d}\n")
    return paths


def write_figures(folder: Path) -> list[Path]:
    """Write one figure; return the file."""
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    write_figure(figure, folder / "curve-x8.png", "A <curve>", "Its & caption.")
    return [folder / "curve-x8.png"]


def make_run(folder: Path, people: tuple[str, ...] = PEOPLE) -> PageInputs:
    """Write all that the page of a small run is made of.

    Args:
        folder: Of the run.
        people: Names.
    """
    metrics, sets = write_metrics(folder, people, IMAGES)
    faces = [folder / f"report/faces/x{scale_factor}" for scale_factor in SCALES]
    for scale_factor, path in zip(SCALES, faces, strict=True):
        shard, *restored = write_restored(folder, scale_factor, people)
        write_sheets([shard], restored, METHODS, path)
    shards = [folder / "shards/x8/test-00000.parquet"]
    write_people(shards, *write_fits(folder, people), folder / "report/people")
    write_facts(write_benchmarks(folder), folder / "report/facts.json")
    split = [(name, "t0", "test", "") for name in people] + [("dan", "0", "left_out", "no face")]
    columns = ["identity", "image", "part", "reason"]
    write_tsv(pd.DataFrame(split, columns=columns), folder / "split.tsv")
    (folder / "split_summary.tsv").write_text(
        "part\treason\tnum_identities\tnum_images\n"
        "pretrain\t\t30\t240\ntest\t\t10\t40\nleft_out\t\t3\t5\nleft_out\tno face\t3\t5\n"
    )
    return PageInputs(
        config=CONFIG,
        tables_dir=write_numbers(folder, metrics, sets),
        metrics=metrics,
        figures=write_figures(folder),
        faces=faces,
        people=folder / "report/people",
        facts=folder / "report/facts.json",
        split=folder / "split.tsv",
        split_summary=folder / "split_summary.tsv",
        paper=Path("config/paper.tsv"),
    )


def copy_run(inputs: PageInputs, old: Path, new: Path) -> PageInputs:
    """Copy a run of `make_run` from one folder to another."""
    shutil.copytree(old, new)

    def move(value: Any) -> Any:
        if isinstance(value, list):
            return [move(each) for each in value]
        inside = isinstance(value, Path) and value.is_relative_to(old)
        return new / value.relative_to(old) if inside else value

    return PageInputs(**{name: move(value) for name, value in vars(inputs).items()})


def enlarge_run(inputs: PageInputs, folder: Path, num_people: int, num_images: int) -> PageInputs:
    """Make a run of many images from a small one: every sheet is the same file, by hard links."""
    people = tuple(f"person-{number:03d}" for number in range(num_people))
    images = tuple(f"i{number}" for number in range(num_images))
    metrics, sets = write_metrics(folder, people, images)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    faces = []
    for small in inputs.faces:
        path = folder / f"report/faces/{small.name}"
        path.mkdir(parents=True)
        sheet = small / "00000.webp"
        sheet.write_bytes(sheet.read_bytes() + noise.tobytes())  # readers stop before it
        index = read_json(small / INDEX_NAME, "the index")
        entries = []
        for number, (name, image) in enumerate((n, i) for n in people for i in images):
            file = f"{number:05d}.webp"
            os.link(sheet, path / file)
            entry = {"identity": name, "image": image, "failed": []}
            entries.append({**entry, "file": file, "sha256": file_digest(sheet)})
        write_json(path / INDEX_NAME, {**index, "images": entries})
        faces.append(path)
    tables_dir = write_numbers(folder, metrics, sets)
    return dataclasses.replace(inputs, metrics=metrics, faces=faces, tables_dir=tables_dir)
