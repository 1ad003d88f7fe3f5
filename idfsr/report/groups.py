"""Table 1 by groups of people: gender, age, race or skin tone, as far as they are known.

The renderer knows its people, who have no race (docs/decisions/0022). Of photographs nobody has
said anything: there a person's group is what a network sees in most of their ground truths, and in
the mean for an age. That is a perception, with the network's mistakes, and says nothing of who
somebody is.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from idfsr.config.metrics import MetricsConfig
from idfsr.metrics.engine.registry import find_metrics
from idfsr.report.intervals import mean_interval
from idfsr.report.layout import Column, method_label, metric_columns, scale_label
from idfsr.report.tables import FITTED, records

MIN_PEOPLE: Final = 5
"""Of a group; the interval of fewer would say little, and a mean without one too much."""
AGES: Final = ((30.0, "under 30"), (50.0, "30 to 49"), (math.inf, "50 and over"))
"""Years that a group ends before."""
_AGE_ORDER: Final = {name: number for number, (_, name) in enumerate(AGES)}
TONES: Final = ((4.0, "tones 1 to 3"), (7.0, "tones 4 to 6"), (math.inf, "tones 7 to 10"))
"""Of the Monk Skin Tone scale, which calls them light, medium and dark."""
SEEN_BY: Final = {"": "DeepFace", "_embedded": "the embedded attribute network"}
"""Ending of the columns of what a network sees, and its name."""
RENDERER: Final = "the renderer"
TRUTH_COLUMNS: Final = ("identity", "gender", "age_years", "skin_tone")
"""Of the ground truth of rendered people."""
KEYS: Final = [
    "attribute", "group", "said_by", "method", "scale_factor", "num_images", "num_identities",
    "note",
]  # fmt: skip


def _bin(value: float, bins: Sequence[tuple[float, str]]) -> str:
    return next(name for end, name in bins if value < end)


def _groups_of_rendered(truth: pd.DataFrame) -> pd.DataFrame:
    people = truth.drop_duplicates("identity")
    return pd.DataFrame(
        {
            "identity": people["identity"],
            "gender": people["gender"],
            "age": [_bin(float(age), AGES) for age in people["age_years"]],
            "skin tone": [_bin(float(tone), TONES) for tone in people["skin_tone"]],
        }
    )


def _groups_seen(images: pd.DataFrame, ending: str) -> pd.DataFrame:
    """Return what a network sees in the ground truths of each person."""
    once = images.drop_duplicates(["identity", "image"])
    rows = []
    for identity, own in once.groupby("identity"):
        row = {"identity": str(identity)}
        for attribute in ("gender", "race"):
            seen = own.get(f"gt_{attribute}{ending}")
            if seen is not None and seen.notna().any():
                row[attribute] = str(seen.mode().iloc[0])
        ages = own.get(f"gt_age{ending}")
        if ages is not None and ages.notna().any():
            row["age"] = _bin(float(ages.mean()), AGES)
        rows.append(row)
    return pd.DataFrame(rows)


def find_groups(images: pd.DataFrame, truth: pd.DataFrame | None) -> tuple[pd.DataFrame, str]:
    """Say to which groups each person belongs.

    Args:
        images: Metrics of single images, with what networks see in the ground truths.
        truth: What the renderer knows, with identity, gender, age_years and skin_tone; None of
            photographs.

    Returns:
        A row for each person, with a column for each attribute that is known of anybody; and who
        says so.
    """
    if truth is not None:
        return _groups_of_rendered(truth), RENDERER
    for ending, name in SEEN_BY.items():
        groups = _groups_seen(images, ending)
        if len(groups.columns) > 1:
            return groups, name
    return pd.DataFrame({"identity": []}), ""


def _row(
    own: pd.DataFrame, names: Sequence[str], num_bootstrap: int
) -> dict[str, str | int | float]:
    """Return the numbers of a group, one method's images at one scale factor."""
    people = own["identity"].tolist()
    num_people = len(set(people))
    few = num_people < MIN_PEOPLE
    row: dict[str, str | int | float] = {
        "num_images": len(own),
        "num_identities": num_people,
        "note": f"fewer than {MIN_PEOPLE} people" if few else "",
    }
    nothing = np.full(len(own), np.nan)
    for name in names:
        values = nothing if few or name not in own else own[name].to_numpy(np.float64)
        found = mean_interval(values, people, num_bootstrap)
        row |= {name: found.mean, f"{name}_lo": found.lo, f"{name}_hi": found.hi}
    return row


def build_groups(
    images: pd.DataFrame, truth: pd.DataFrame | None, methods: Sequence[str], config: MetricsConfig
) -> pd.DataFrame:
    """Aggregate Table 1's metrics of single images by groups of people.

    Args:
        images: See `find_groups`.
        truth: Likewise.
        methods: In the order of the rows.
        config: Which metrics, and the resamples behind an interval.

    Returns:
        `KEYS`, then each metric with its interval over people, which are empty where the note says
        that there are too few: a row for each attribute, scale factor, group and method.
    """
    names = [metric.name for metric in find_metrics(config.table1) if metric.kind != "set"]
    groups, source = find_groups(images, truth)
    table = []
    for attribute in groups.columns.drop("identity"):
        known = images.merge(groups[["identity", attribute]].dropna(), on="identity")
        names_of = sorted(set(known[attribute]), key=lambda name: (_AGE_ORDER.get(name, 0), name))
        for scale_factor in sorted(set(known["scale_factor"])):
            for group, method in itertools.product(names_of, methods):
                own = known[
                    (known["scale_factor"] == scale_factor)
                    & (known[attribute] == group)
                    & (known["method"] == method)
                ]
                if len(own):
                    where = (attribute, group, source, method, scale_factor)
                    row = _row(own, names, config.num_bootstrap)
                    table.append(dict(zip(KEYS, where, strict=False)) | row)
    ends = [f"{name}{end}" for name in names for end in ("", "_lo", "_hi")]
    return pd.DataFrame(table, columns=[*KEYS, *ends])


@dataclass(frozen=True)
class GroupRow:
    """A group on the page."""

    attribute: str
    """Empty where it is that of the row before."""
    group: str
    num_people: int
    cells: list[tuple[str, str]]
    """Value and interval of each metric; none where the note has the reason."""
    note: str


@dataclass(frozen=True)
class GroupTable:
    """The groups of one method at one scale factor."""

    title: str
    headings: list[str]
    rows: list[GroupRow]
    said_by: str


def lay_out_groups(groups: pd.DataFrame, config: MetricsConfig) -> list[GroupTable]:
    """Bring the groups of the fitted model, or else of the last method, into the page's form.

    Returns:
        A table for each scale factor; none where no group is known.
    """
    if groups.empty:
        return []
    methods = list(dict.fromkeys(groups["method"]))
    method = FITTED if FITTED in methods else methods[-1]
    columns = metric_columns([name for name in config.table1 if f"{name}_lo" in groups])
    tables = []
    for scale_factor in sorted(set(groups["scale_factor"])):
        shown = (groups["scale_factor"] == scale_factor) & (groups["method"] == method)
        rows: list[GroupRow] = []
        before = ""
        for row in records(groups[shown].astype({"note": object}).fillna({"note": ""})):
            cells = [] if row["note"] else [_print(column, row) for column in columns]
            attribute = "" if row["attribute"] == before else str(row["attribute"])
            before = str(row["attribute"])
            num_people = int(row["num_identities"])
            rows.append(GroupRow(attribute, str(row["group"]), num_people, cells, row["note"]))
        title = f"{method_label(method)}, {scale_label(scale_factor)}"
        headings = [column.heading for column in columns]
        tables.append(GroupTable(title, headings, rows, str(groups["said_by"].iloc[0])))
    return tables


def _print(column: Column, row: dict[str, Any]) -> tuple[str, str]:
    value, lo, hi = (float(row[f"{column.metric}{end}"]) for end in ("", "_lo", "_hi"))
    interval = "" if math.isnan(lo) else f"[{column.text(lo)}, {column.text(hi)}]"
    return column.text(value), interval
