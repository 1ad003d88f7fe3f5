"""The report of a run: an HTML page with its tables, images, people and settings.

It is one file that needs no network. Where a run has many images, they lie in folders beside it.
"""

import base64
import hashlib
import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from PIL import Image
from pydantic import TypeAdapter

from idfsr.errors import IdfsrError
from idfsr.io.tables import read_tsv
from idfsr.io.texts import read_json
from idfsr.report import templates
from idfsr.report.agreement import compare_with_paper
from idfsr.report.conditions import check_claims, lay_out_conditions
from idfsr.report.copying import lay_out_copying
from idfsr.report.findings import find_headline
from idfsr.report.footnotes import write_footnotes, write_warnings
from idfsr.report.groups import lay_out_groups
from idfsr.report.layout import method_label, metric_columns, scale_label
from idfsr.report.leaks import describe_leaks, lay_out_judges, marks_of
from idfsr.report.page_tables import NumberTable, RunNumbers, lay_out_differences, lay_out_scale
from idfsr.report.paper import lay_out_paper, read_paper
from idfsr.report.profiles import lay_out_people
from idfsr.report.recognisers import lay_out_recognisers
from idfsr.report.run_tables import print_tables
from idfsr.report.style import DPI
from idfsr.report.tables import identity_metric, read_csv, records
from idfsr.report.viewer import choose_source, image_columns, read_scores, view_data
from idfsr.run.config import Config
from idfsr.run.families import metric_names

CSS_DPI = 96
"""Pixels of CSS in an inch."""

MAX_LEFT_OUT = 300
"""Images left out that the page names; `split.tsv` names all."""

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
class Cost:
    """What one kind of work took."""

    work: str
    scale: str
    num_jobs: int
    seconds: str
    each: str
    """Seconds an image, or empty."""


@dataclass(frozen=True)
class ModelRow:
    """Which weights made a row of the tables."""

    label: str
    digest: str


@dataclass(frozen=True)
class PageInputs:
    """What the page is made of.

    Attributes:
        config: Of the whole run.
        tables_dir: Folder of the CSV files of `idfsr tables`.
        metrics: Tables of single images, of all methods and scale factors.
        figures: PNG files of `idfsr figure`, in the order of the page.
        faces: Folders of `idfsr gather faces`, one for each scale factor.
        people: Folder of `idfsr gather people`.
        facts: JSON of `idfsr gather facts`.
        split: Of the stage split: the part of each image.
        split_summary: Likewise, the counts.
        paper: The paper's numbers.
    """

    config: Config
    tables_dir: Path
    metrics: Sequence[Path]
    figures: Sequence[Path]
    faces: Sequence[Path]
    people: Path
    facts: Path
    split: Path
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


def read_summary(path: Path) -> list[dict[str, Any]]:
    """Read the counts of the split: part, reason, num_identities, num_images.

    Raises:
        IdfsrError: See `read_tsv`.
    """
    return records(read_tsv(path))


def list_left_out(path: Path) -> list[dict[str, Any]]:
    """Return the images that the split leaves out: identity, image, part, reason.

    Raises:
        IdfsrError: See `read_tsv`.
    """
    table = read_tsv(path)
    return records(table[table["part"] == "left_out"])


def read_facts(path: Path) -> dict[str, Any]:
    """Read what `idfsr gather facts` wrote.

    Raises:
        IdfsrError: The file is missing or was damaged.
    """
    return read_json(path, "the facts of a run, of `idfsr gather facts`")


def list_costs(facts: dict[str, Any], num_images: dict[int, int]) -> list[Cost]:
    """Bring the times of the jobs into print.

    Args:
        facts: Of `read_facts`.
        num_images: Of the test, by scale factor.
    """
    costs = []
    for cost in facts["costs"]:
        stage, *where = cost["work"].split("/")
        factor = int(where[0].removeprefix("x")) if where else 0
        restored = num_images.get(factor, 0) if stage == "restore" else 0
        name = f"restore, {method_label(where[1])}" if stage == "restore" else stage
        costs.append(
            Cost(
                work=name,
                scale=scale_label(factor) if factor else "",
                num_jobs=cost["num_jobs"],
                seconds=f"{cost['seconds']:,.1f}",
                each=f"{cost['seconds'] / restored:.2f}" if restored else "",
            )
        )
    return costs


def list_models(table: pd.DataFrame) -> list[ModelRow]:
    """Return the digest of each method's weights."""
    rows = records(table.drop_duplicates("method").fillna({"model_digest": ""}))
    return [ModelRow(method_label(row["method"]), row["model_digest"]) for row in rows]


def make_environment() -> jinja2.Environment:
    """Return what renders the templates: all that is put in is escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(templates.__name__, ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def read_part(name: str) -> str:
    """Return the page's style or script."""
    return importlib.resources.files(templates).joinpath(name).read_text(encoding="utf-8")


def read_script() -> str:
    """Return the page's script; that of the tables serves other pages too."""
    return read_part("tables.js") + read_part("page.js")


def script_digest(text: str) -> str:
    """Return a digest as a Content-Security-Policy wants it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def read_numbers(inputs: PageInputs) -> RunNumbers:
    """Read the tables of the run and of the paper.

    Raises:
        IdfsrError: A file is missing or is not what it should be.
    """
    table1, table2, paired = (
        read_csv(inputs.tables_dir / name) for name in ("table1.csv", "table2.csv", "paired.csv")
    )
    marks = marks_of(read_csv(inputs.tables_dir / "leaks.csv"))
    paper = read_paper(inputs.paper)
    return RunNumbers(table1, table2, paired, paper, inputs.config.metrics, marks)


def lay_out_tables(numbers: RunNumbers) -> list[tuple[str, list[NumberTable]]]:
    """Bring Table 1 and Table 2 into the page's form: scale factor -> its tables."""
    printed = print_tables(numbers.table1, numbers.table2, numbers.config, numbers.marks)
    return [
        (
            scale_label(scale_factor),
            [
                lay_out_scale(numbers, table, number, scale_factor)
                for number, table in enumerate(printed, 1)
            ],
        )
        for scale_factor in printed[0].layout.scale_factors
    ]


def _show_images(inputs: PageInputs, numbers: RunNumbers, page: Path) -> dict[str, Any]:
    """Return what the page shows of the images and the people."""
    names = [*numbers.config.table1, *numbers.config.table2]
    scores = read_scores(inputs.metrics, names)
    source = choose_source(page, [*inputs.faces, inputs.people])
    metric = identity_metric(numbers.table1)
    (distance,) = metric_columns([metric]) if metric else (None,)
    return {
        "faces": view_data(inputs.faces, scores, image_columns(names), metric, source),
        "people": lay_out_people(inputs.people, scores, distance, source),
        "embedded": source.embed,
    }


def render_page(inputs: PageInputs, page: Path) -> str:
    """Render the report of a run.

    Args:
        inputs: Of the run.
        page: Where it will stand; addresses of images in folders are relative to it.

    Raises:
        IdfsrError: A file is missing or is not what it should be.
    """
    config, numbers = inputs.config, read_numbers(inputs)
    table1, table2 = numbers.table1, numbers.table2
    names = ["groups", "conditions", "copying", "recognisers", "judges", "networks", "files"]
    groups, conditions, copying, recognisers, judges, networks, files = (
        read_csv(inputs.tables_dir / f"{name}.csv") for name in names
    )
    facts, style, script = read_facts(inputs.facts), read_part("page.css"), read_script()
    settings = TypeAdapter(Config).dump_python(config, mode="json")
    counts = {int(row["scale_factor"]): int(row["num_images"]) for row in records(table1)}
    left_out = list_left_out(inputs.split)
    return (
        make_environment()
        .get_template("page.html.j2")
        .render(
            config=config,
            style=style,
            script=script,
            script_digest=script_digest(script),
            rendered=config.dataset.kind == "synthref",
            num_images=int(table1["num_images"].max()),
            num_identities=int(table1["num_identities"].max()),
            scales=list(map(scale_label, config.shards.scale_factors)),
            methods=list(map(method_label, numbers.methods)),
            facts=facts,
            costs=list_costs(facts, counts),
            models=list_models(table1),
            findings=find_headline(numbers),
            tables=lay_out_tables(numbers),
            differences=list(lay_out_differences(numbers)),
            groups=lay_out_groups(groups, config.metrics),
            footnotes=write_footnotes(table1, table2, networks, config.metrics, numbers.marks),
            warnings=write_warnings(table1, table2, config.metrics),
            files=records(files),
            conditions=lay_out_conditions(conditions),
            judges=lay_out_judges(judges),
            leaks=describe_leaks(metric_names(config), numbers.marks),
            copying=lay_out_copying(copying),
            recognisers=lay_out_recognisers(recognisers, numbers.methods, numbers.marks),
            points=compare_with_paper(numbers, check_claims(conditions, numbers.paired)),
            figures=[inline_figure(path) for path in inputs.figures],
            split=read_summary(inputs.split_summary),
            left_out=left_out[:MAX_LEFT_OUT],
            num_left_out=len(left_out),
            paper=[
                (PAPER_CAPTIONS[n], layout) for n, layout in lay_out_paper(inputs.paper).items()
            ],
            settings=yaml.safe_dump(settings, sort_keys=False),
            **_show_images(inputs, numbers, page),
        )
    )
