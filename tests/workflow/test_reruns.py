"""Which jobs run again after an edit: exactly these, by dry runs on the finished tiny run.

A job is written as its rule, with the family of metrics and the method where it has them.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import TINY
from .project import run_snakemake

pytestmark = pytest.mark.slow

METHODS = ("bicubic", "codeformer", "idfsr-pt", "idfsr-mean", "idfsr-ft")
FAMILIES = ("attributes", "mobilenetv2", "psnr", "sface")


def of(rule: str, *names: str) -> set[str]:
    """Return the jobs of a rule for some methods or families."""
    return {f"{rule} {name}" for name in names}


def scored(families: Sequence[str], methods: Sequence[str]) -> set[str]:
    """Return the scores of some families and methods, and the metrics of which they are a part."""
    scores = {f"scores {family} {method}" for family in families for method in methods}
    return scores | of("metrics", *methods)


SETTINGS = {"stage_settings"}
CURVES = {"figure_fit_curves", "figure_pretrain_curve", "figure_lr_detector"}
FIGURES = {"figure_grid", "figure_warping", "figure_landmarks", "figure_metrics"} | CURVES
TABLES = {"tables", "figure_metrics", "gather_facts", "report"}


def restored(*methods: str) -> set[str]:
    """Return the restoration with some methods and all that is made of it."""
    shown = {"figure_grid", "gather_faces", "paper_figure"}
    return of("restore_batch", *methods) | scored(FAMILIES, methods) | shown | TABLES


LEAKS = {"leaks"}
"""A second's work on what settings, methods and metrics say of themselves. The code of a run's
methods counts with it."""
TRUTH = of("truth_features", "attributes", "sface")
FITTED = {"fit_batch", "figure_fit_curves", "gather_people", "probes"} | restored("idfsr-ft")
PRETRAINED = {"pretrain", "figure_pretrain_curve"} | FITTED | restored("idfsr-pt", "idfsr-mean")
PREPARED = {"shards", "figure_warping"} | TRUTH | PRETRAINED | restored(*METHODS)
# After an index or a split Snakemake looks anew, and only then names landmarks, shards, fits,
# restorations and probes.
SPLIT = (
    {"split", "lr_detector", "pretrain"}
    | TRUTH
    | scored(FAMILIES, METHODS)
    | TABLES
    | FIGURES - {"figure_landmarks"}
    | {"gather_faces", "gather_people", "paper_figure"}
)
QUALITY = {"quality", "figure_landmarks"} | SPLIT


@dataclass(frozen=True)
class Edit:
    """A change of a file: `old` becomes `new`, once."""

    path: str
    old: str
    new: str
    jobs: set[str]
    """That are necessary after it."""


def section(stage: str, old: str, new: str, jobs: set[str]) -> Edit:
    """Return an edit of a default in the file of a section."""
    return Edit(f"idfsr/config/{stage}.py", old, new, jobs)


EDITS = {
    # Defaults. Where tiny.yaml sets another value, no settings change and the code counts.
    "synthref": section("synthref", "num_identities: Count = 40", "num_identities: Count = 41",
                        {"synthref", "index"} | QUALITY | LEAKS),
    "landmarks": section("landmarks", "batch_size: Count = 16", "batch_size: Count = 8",
                         {"landmarks"} | SETTINGS | QUALITY | PREPARED),  # shards detect too
    "quality": section("quality", "= 60.0", "= 50.0", SETTINGS | QUALITY),
    "split": section("split", "= 4\n", "= 5\n", SETTINGS | SPLIT),
    "lr_detector": section("lr_detector", "max_images: Count = 2000", "max_images: Count = 2001",
                           {"lr_detector", "figure_lr_detector"} | SETTINGS | PREPARED),
    "shards": section("shards", "= 0.013", "= 0.014", SETTINGS | PREPARED),
    "model": section("model", "model_channels: Width = 128", "model_channels: Width = 64",
                     PRETRAINED | LEAKS),
    "pretrain": section("pretrain", "condition_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0",
                        "condition_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1",
                        SETTINGS | PRETRAINED | LEAKS),
    "fit": section("fit", "= 1e-3", "= 2e-3", SETTINGS | FITTED),
    "restore": section("restore", "batch_size: Count = 16", "batch_size: Count = 8",
                       SETTINGS | restored(*METHODS) | {"probes"} | FIGURES | LEAKS),
    "probes": section("probes", "num_images: Count = 2", "num_images: Count = 1",
                      SETTINGS | {"probes"} | TABLES),
    "metrics": section("metrics", "num_bootstrap: Count = 2000", "num_bootstrap: Count = 1000",
                       TABLES | FIGURES | LEAKS),
    "report": section("report", "num_examples: Count = 6", "num_examples: Count = 8",
                      FIGURES | {"gather_faces", "gather_people", "gather_facts", "report"}),
    # Code.
    "U-Net": Edit("idfsr/models/unet.py", "angles.cos(), angles.sin()",
                  "angles.sin(), angles.cos()", PRETRAINED | LEAKS),
    "metric": Edit(
        "idfsr/metrics/psnr.py",
        "\ndef psnr(",
        "\nEDITED = 1\n\n\ndef psnr(",
        scored(["psnr"], METHODS) | {"probes", "figure_grid", "paper_figure"} | TABLES | LEAKS,
    ),
    "method": Edit("idfsr/methods/codeformer/restore.py", "\n@dataclass",
                   "\nEDITED = 1\n\n\n@dataclass", restored("codeformer") | LEAKS),
    "method that the run has not": Edit("idfsr/methods/dr2/restore.py", "\n@dataclass",
                                        "\nEDITED = 1\n\n\n@dataclass", set()),
    "label": Edit("idfsr/methods/codeformer/__init__.py", 'label="CodeFormer"',
                  'label="Codeformer"', restored("codeformer") | LEAKS),
    "plan": Edit("idfsr/run/plan.py", "\n@dataclasses", "\nEDITED = 1\n\n\n@dataclasses", set()),
    "text of a rule": Edit("workflow/rules/probes.smk", "idfsr probes", "time idfsr probes",
                           {"probes"} | TABLES),
    "template of the page": Edit("idfsr/report/templates/page.html.j2", "</body>",
                                 "<!-- edited --></body>", {"report"}),
    "part of the page": Edit("idfsr/report/templates/people.html.j2", "People", "Persons",
                             {"report"}),
    "style of the page": Edit("idfsr/report/templates/page.css", "#ffffff", "#fffffe", {"report"}),
    "script of the page": Edit("idfsr/report/templates/page.js", "zoom + 0.5",
                               "zoom + 0.25", {"report"}),
    # What does nothing.
    "comment": Edit("idfsr/models/unet.py", "\nclass UNet(", "\n# Edited.\nclass UNet(", set()),
    "comment in a rule": Edit("workflow/rules/probes.smk", "\nrule probes:",
                              "\n# Edited.\nrule probes:", set()),
    "docstring": Edit("idfsr/models/unet.py", '"""Return the cosines, then the sines."""',
                      '"""Return the cosines and the sines."""', set()),
}  # fmt: skip


def plan(directory: Path, *arguments: str) -> set[str]:
    """Return the jobs that a dry run would run, but for `all`."""
    result = run_snakemake(directory, "--dry-run", *TINY, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    heading = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):$", re.MULTILINE)
    _, *parts = heading.split(result.stdout)
    jobs = set()
    for rule, text in zip(parts[::2], parts[1::2], strict=True):
        named = re.search(r"^    wildcards: (.*)$", text, re.MULTILINE)
        names = dict(pair.split("=") for pair in named[1].split(", ")) if named else {}
        words = [rule, *(names[name] for name in ("family", "method") if name in names)]
        jobs.add(" ".join(words))
    return jobs - {"all"}


@contextmanager
def kept(path: Path, backup: Path) -> Iterator[None]:
    """Put a file or a folder back afterwards, with its age."""
    copy, remove = (
        (shutil.copytree, shutil.rmtree) if path.is_dir() else (shutil.copy2, Path.unlink)
    )
    copy(path, backup)
    try:
        yield
    finally:
        remove(path)
        copy(backup, path)


@pytest.fixture(scope="module")
def finished(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the tiny run has ended."""
    directory = tmp_path_factory.mktemp("reruns") / "project"
    return shutil.copytree(tiny_run, directory, symlinks=True)


def test_nothing_runs_again_without_an_edit(finished: Path) -> None:
    assert plan(finished) == set()


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_reruns_what_depends_on_it(finished: Path, tmp_path: Path, edit: Edit) -> None:
    path = finished / edit.path
    with kept(path, tmp_path / path.name):
        text = path.read_text()
        assert edit.old in text
        path.write_text(text.replace(edit.old, edit.new, 1))
        assert plan(finished) == edit.jobs


def test_another_weight_file_reruns_its_method(finished: Path, tmp_path: Path) -> None:
    path = finished / "idfsr/weights/members/codeformer.safetensors"
    with kept(path, tmp_path / path.name):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        assert plan(finished) == restored("codeformer")


PHOTOGRAPHS = (
    "--config", "run=photographs", "dataset={kind: celebref_hq, root: photographs}",
    "--", "results/photographs/split.tsv",
)  # fmt: skip


@pytest.fixture(scope="module")
def photographs(finished: Path) -> Path:
    """Photographs that no rule makes: those of the tiny run, indexed and divided by another one."""
    folder = finished / "photographs"
    shutil.copytree(finished / "results/tiny/synthref/CelebHQRefForRelease", folder)
    result = run_snakemake(finished, *TINY, *PHOTOGRAPHS)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def first_of(folder: Path) -> Path:
    """Return the first photograph."""
    return min(folder.glob("*/*.png"))


def add(folder: Path) -> None:
    shutil.copy(first_of(folder), first_of(folder).with_name("added.png"))


def change(folder: Path) -> None:
    shutil.copyfile(max(folder.glob("*/*.png")), first_of(folder))


def remove(folder: Path) -> None:
    first_of(folder).unlink()


def add_person(folder: Path) -> None:
    shutil.copytree(first_of(folder).parent, folder / "99999")


def touch(folder: Path) -> None:
    first_of(folder).touch()


INDEXED = {"index", "quality", "split"}


@pytest.mark.parametrize(
    ("do", "jobs"),
    [(add, INDEXED), (change, INDEXED), (remove, INDEXED), (add_person, INDEXED), (touch, set())],
)
def test_photographs_that_change_are_indexed_again(
    photographs: Path, tmp_path: Path, do: Callable[[Path], None], jobs: set[str]
) -> None:
    with kept(photographs, tmp_path / "photographs"):
        do(photographs)
        assert plan(photographs.parent, *PHOTOGRAPHS) == jobs


def test_a_changed_photograph_is_searched_again(photographs: Path, tmp_path: Path) -> None:
    run = photographs.parent / "results/photographs"
    before = (run / "landmarks/shard-00000.parquet").read_bytes()
    with kept(photographs, tmp_path / "photographs"):
        change(photographs)
        result = run_snakemake(photographs.parent, *TINY, *PHOTOGRAPHS)
        assert result.returncode == 0, result.stdout + result.stderr
        assert (run / "landmarks/shard-00000.parquet").read_bytes() != before
        assert plan(photographs.parent, *PHOTOGRAPHS) == set()
