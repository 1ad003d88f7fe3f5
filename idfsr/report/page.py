"""The report of a run: one HTML file that needs no other, neither style nor image nor script."""

import base64
import importlib.metadata
import importlib.resources
import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jinja2
import pandas as pd
import yaml
from PIL import Image
from pydantic import TypeAdapter

from idfsr.errors import IdfsrError
from idfsr.io.tables import read_tsv
from idfsr.metrics.engine.registry import all_metrics
from idfsr.report.conditions import check_claims, lay_out_conditions
from idfsr.report.footnotes import write_footnotes
from idfsr.report.layout import Layout, method_label, metric_columns, scale_label
from idfsr.report.paper import lay_out_paper
from idfsr.report.run_tables import print_tables
from idfsr.report.style import DPI
from idfsr.report.tables import read_csv, records
from idfsr.run.config import Config

PACKAGES = (
    "idfsr",
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "pandas",
    "opencv-contrib-python-headless",
)
"""Whose versions the page gives."""

CSS_DPI = 96
"""Pixels of CSS in an inch."""

Verdict = Literal["better", "worse", "open"]

PAPER_CAPTIONS = {
    1: "Table 1 of the paper, on CelebRef-HQ.",
    2: "Table 2 of the paper, on CelebRef-HQ.",
}


@dataclass(frozen=True)
class InlineFigure:
    """A figure inside the page."""

    anchor: str
    title: str
    caption: str
    data: str
    """The PNG file as a data URL."""
    width: int
    height: int
    """In pixels of CSS."""


@dataclass(frozen=True)
class Difference:
    """One cell of the paired comparison."""

    text: str
    interval: str
    verdict: Verdict
    """"open" where the interval holds zero, or there is none."""


@dataclass(frozen=True)
class PageInputs:
    """What the page is made of.

    Attributes:
        config: Of the whole run.
        tables_dir: Folder of the CSV files of `idfsr tables`.
        figures: PNG files of `idfsr figure`, in the order of the page.
        split_summary: Of the stage split.
        paper: The paper's numbers.
    """

    config: Config
    tables_dir: Path
    figures: Sequence[Path]
    split_summary: Path
    paper: Path


def inline_figure(path: Path) -> InlineFigure:
    """Read a figure with its title and caption.

    Raises:
        IdfsrError: The file is missing or is no figure of `idfsr figure`.
    """
    try:
        with Image.open(path) as image:
            text, (width, height) = dict(image.info), image.size
        data = base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError:
        message = f"{path}: missing or not an image, wanted a PNG file of `idfsr figure`"
        raise IdfsrError(message) from None
    if "Title" not in text or "Description" not in text:
        message = f"{path}: has no title and caption, wanted a PNG file of `idfsr figure`"
        raise IdfsrError(message)
    return InlineFigure(
        anchor=path.stem,
        title=text["Title"],
        caption=text["Description"],
        data=f"data:image/png;base64,{data}",
        width=round(width * CSS_DPI / DPI),
        height=round(height * CSS_DPI / DPI),
    )


def judge(lo: float, hi: float, direction: Literal["higher", "lower"]) -> Verdict:
    """Say whether a difference a minus b favours a, with its 95 % interval on one side of zero."""
    if not (lo > 0 or hi < 0):
        return "open"
    return "better" if (lo > 0) == (direction == "higher") else "worse"


def lay_out_differences(paired: pd.DataFrame) -> dict[str, Any]:
    """Bring the paired differences into a table: metrics as rows, scale and method as columns."""
    rows = records(paired)
    heads = list(dict.fromkeys((row["scale_factor"], row["method_b"]) for row in rows))
    cells: dict[str, dict[tuple[int, str], Difference]] = {}
    for row in rows:
        metric = row["metric"]
        difference, lo, hi = (float(row[name]) for name in ("difference", "lo", "hi"))
        column = metric_columns([metric])[0]
        sign = "+" if difference > 0 else ""
        cells.setdefault(metric, {})[row["scale_factor"], row["method_b"]] = Difference(
            text=sign + column.text(difference),
            interval="" if math.isnan(lo) else f"[{column.text(lo)}, {column.text(hi)}]",
            verdict=judge(lo, hi, all_metrics()[metric].direction),
        )
    return {
        "heads": [
            f"{scale_label(scale_factor)} minus {method_label(method)}"
            for scale_factor, method in heads
        ],
        "rows": [
            (metric_columns([metric])[0].heading, [found[head] for head in heads])
            for metric, found in cells.items()
        ],
    }


def read_summary(path: Path) -> list[dict[str, Any]]:
    """Read the counts of the split: part, reason, num_identities, num_images.

    Raises:
        IdfsrError: See `read_tsv`.
    """
    summary = read_tsv(path)
    counts = ["num_identities", "num_images"]
    return records(summary.astype(dict.fromkeys(counts, int)))


def list_versions() -> dict[str, str]:
    """Return the versions of Python and of `PACKAGES`."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"Python": platform.python_version(), **versions}


def _models(table: pd.DataFrame) -> list[str]:
    return sorted(set(table["model_digest"].dropna()) - {""})


def render_page(inputs: PageInputs) -> str:
    """Render the report of a run.

    Raises:
        IdfsrError: A file is missing or is not what it should be.
    """
    config = inputs.config
    table1, table2 = (read_csv(inputs.tables_dir / name) for name in ("table1.csv", "table2.csv"))
    paired, conditions, networks = (
        read_csv(inputs.tables_dir / name)
        for name in ("paired.csv", "conditions.csv", "networks.csv")
    )
    rendered = config.dataset.kind == "synthref"
    settings = TypeAdapter(Config).dump_python(config, mode="json")
    paper: dict[int, Layout] = lay_out_paper(inputs.paper)
    source = importlib.resources.files("idfsr.report").joinpath("page.html")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(source.read_text(encoding="utf-8"))
    return template.render(
        config=config,
        consent="not needed: rendered people" if rendered else "not stated (dataset.consent)",
        licence="that of this project" if rendered else "not stated (dataset.licence)",
        num_images=int(table1["num_images"].max()),
        num_identities=int(table1["num_identities"].max()),
        scale_factors=sorted(set(table1["scale_factor"])),
        methods=[method_label(method) for method in dict.fromkeys(table1["method"])],
        models=_models(table1),
        tables=print_tables(table1, table2, config.metrics),
        footnotes=write_footnotes(table1, table2, networks, config.metrics),
        files=records(read_csv(inputs.tables_dir / "files.csv")),
        differences=lay_out_differences(paired),
        conditions=lay_out_conditions(conditions),
        claims=check_claims(conditions, paired),
        figures=[inline_figure(path) for path in inputs.figures],
        split=read_summary(inputs.split_summary),
        paper=[(PAPER_CAPTIONS[number], layout) for number, layout in paper.items()],
        settings=yaml.safe_dump(settings, sort_keys=False),
        versions=list_versions(),
    )
