"""Table 1 and Table 2 of IDFSR from the metrics of single images, and methods compared in pairs.

The value of a table is the mean over images; its interval resamples identities (see `intervals`).
A metric of a set of images, such as a Frechet distance, has one value and no interval. What could
not be computed is empty.
"""

import dataclasses
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.tables import read_table
from idfsr.io.texts import read_json, read_text, write_text
from idfsr.metrics.engine.metric import Metric
from idfsr.metrics.engine.registry import all_metrics, find_metrics
from idfsr.report.intervals import correct_holm, mean_interval

KEYS = ["identity", "image", "method", "scale_factor", "model_digest"]
"""Columns of every table of metrics, beside those of the metrics."""

FACE_COUNTS = {"gt_num_faces": "num_gt_without_face", "sr_num_faces": "num_sr_without_face"}
"""Numbers of faces that DeepFace's detector found in an image, and in how many it found none."""

FITTED = "idfsr-ft"
"""The method that the others are compared with in pairs."""

IDENTITY_METRICS = ("ids", "ids_sface")
"""Distances to the person, the paper's first."""

PAIRED_COLUMNS = [
    "method_a", "method_b", "scale_factor", "metric", "difference", "lo", "hi", "num_identities",
    "p", "p_holm",
]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Measurements:
    """The metrics of a run."""

    images: pd.DataFrame
    """A row for each image, method and scale: `KEYS`, and a column for each metric."""
    sets: dict[tuple[str, int], dict[str, float]]
    """(method, scale factor) -> set metric -> value; NaN if it could not be computed."""
    problems: dict[tuple[str, int], str] = dataclasses.field(default_factory=dict)
    """(method, scale factor) -> why a method restored no image."""


def _read_set(path: Path) -> tuple[tuple[str, int], dict[str, float], str]:
    values = read_json(path, "the set metrics of a method as JSON")
    try:
        key = str(values["method"]), int(values["scale_factor"])
    except (KeyError, TypeError) as error:
        message = f"{path}: {error}, wanted JSON with method, scale_factor and set metrics"
        raise IdfsrError(message) from None
    numbers = {name: value for name, value in values.items() if name in all_metrics()}
    floats = {
        name: float("nan") if value is None else float(value) for name, value in numbers.items()
    }
    return key, floats, str(values.get("problem", ""))


def groups_of(
    images: pd.DataFrame, methods: Sequence[str]
) -> Iterator[tuple[int, str, pd.DataFrame]]:
    """Yield the rows of each scale factor and method, in the order of the tables' rows."""
    for scale_factor in sorted(set(images["scale_factor"])):
        for method in methods:
            rows = images[(images["scale_factor"] == scale_factor) & (images["method"] == method)]
            if len(rows):
                yield scale_factor, method, rows


def _check_images(images: pd.DataFrame) -> None:
    """Refuse methods that were measured in part, and images that occur twice.

    An image that a method could not restore has no row: `num_images` of the table says so.
    """
    # DeepFace's metrics may leave out images without a face; the face counts say how many
    names = [
        name for name, metric in all_metrics().items()
        if name in images and "face_note" not in metric.details
    ]  # fmt: skip
    for scale_factor, method, rows in groups_of(images, list(dict.fromkeys(images["method"]))):
        counts = rows[names].count()
        partial = counts[(counts > 0) & (counts < len(rows))]
        if len(partial):
            message = (
                f"metrics x{scale_factor}/{method}: {partial.index[0]} of {partial.iloc[0]} images "
                f"among {len(rows)}, wanted all or none"
            )
            raise IdfsrError(message)
    twice = images[images.duplicated(KEYS[:4])]
    if len(twice):
        row = twice.iloc[0]
        message = (
            f"metrics x{row['scale_factor']}: {row['identity']}/{row['image']}, "
            f"wanted it once for {row['method']}"
        )
        raise IdfsrError(message)


def read_measurements(
    metrics: Sequence[Path], set_metrics: Sequence[Path], methods: Sequence[str]
) -> Measurements:
    """Read the metrics of all methods and scales.

    Args:
        metrics: Tables of single images.
        set_metrics: JSON files of set metrics.
        methods: Of the run.

    Raises:
        IdfsrError: A file is missing or lacks a column, a method is not of the run, or an image
            occurs twice.
    """
    frames = [read_table(path) for path in metrics]
    for path, frame in zip(metrics, frames, strict=True):
        missing = [name for name in KEYS if name not in frame]
        unknown = set(frame.get("method", [])) - set(methods)
        if missing or unknown:
            found, wanted = (frame.columns, missing) if missing else (unknown, methods)
            message = f"{path}: found {', '.join(found)}, wanted {', '.join(wanted)}"
            raise IdfsrError(message)
    if not frames:
        message = "no table of metrics given, wanted at least one Parquet file"
        raise IdfsrError(message)
    images = pd.concat(frames, ignore_index=True)
    _check_images(images)
    sets = list(map(_read_set, set_metrics))
    problems = {key: problem for key, _, problem in sets if problem}
    return Measurements(images, {key: values for key, values, _ in sets}, problems)


def _digest(digests: "pd.Series[str]", where: str) -> str:
    found = sorted(set(digests))
    if len(found) > 1:
        message = f"metrics {where}: models {', '.join(found)}, wanted the images of one model"
        raise IdfsrError(message)
    return found[0]


def _cells(metric: Metric, rows: pd.DataFrame, num_bootstrap: int) -> dict[str, float]:
    """Return the columns of a metric of single images."""
    name = metric.name
    values = rows[name] if name in rows else pd.Series(np.nan, index=rows.index)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    interval = mean_interval(numbers, rows["identity"].tolist(), num_bootstrap)
    column = f"{name}_mean" if metric.spread else name
    cells = {column: interval.mean, f"{column}_lo": interval.lo, f"{column}_hi": interval.hi}
    if metric.spread:
        known = numbers[~np.isnan(numbers)]
        cells[f"{name}_std"] = float(known.std()) if len(known) else float("nan")
    return cells


def _count_without_face(rows: pd.DataFrame) -> dict[str, float]:
    """Return the columns of `FACE_COUNTS`; NaN where no image was searched."""
    return {
        name: float((rows[column] == 0).sum()) if column in rows else float("nan")
        for column, name in FACE_COUNTS.items()
    }


def build_table(
    measurements: Measurements, names: Sequence[str], methods: Sequence[str], num_bootstrap: int
) -> pd.DataFrame:
    """Aggregate metrics: a row for each scale factor and method.

    Args:
        measurements: Of the run.
        names: Metrics wanted.
        methods: In the order of the rows.
        num_bootstrap: Resamples behind an interval.

    Returns:
        Columns method, scale_factor, num_images, num_identities, then for each metric its value,
        `<metric>_lo` and `<metric>_hi` (set metrics have the value alone; those with
        `Metric.spread` are `<metric>_mean` and `<metric>_std`), with DeepFace's metrics those of
        `FACE_COUNTS`, and model_digest.

    Raises:
        IdfsrError: A metric is unknown, or images of one row come from different models.
    """
    metrics = find_metrics(names)
    table = []
    for scale_factor, method, rows in groups_of(measurements.images, methods):
        row: dict[str, Any] = {
            "method": method,
            "scale_factor": scale_factor,
            "num_images": len(rows),
            "num_identities": rows["identity"].nunique(),
        }
        for metric in metrics:
            if metric.kind == "set":
                values = measurements.sets.get((method, scale_factor), {})
                row[metric.name] = values.get(metric.name, float("nan"))
            else:
                row |= _cells(metric, rows, num_bootstrap)
        if any("face_note" in metric.details for metric in metrics):
            row |= _count_without_face(rows)
        row["model_digest"] = _digest(rows["model_digest"], f"x{scale_factor}/{method}")
        table.append(row)
    for (method, scale_factor), problem in measurements.problems.items():
        nothing = {"num_images": 0, "num_identities": 0, "problem": problem}
        table.append(
            {"method": method, "scale_factor": scale_factor, "model_digest": "", **nothing}
        )
    order = {method: number for number, method in enumerate(methods)}
    table.sort(key=lambda row: (row["scale_factor"], order[row["method"]]))
    return pd.DataFrame(table)


def compare_pairs(
    measurements: Measurements, names: Sequence[str], methods: Sequence[str], num_bootstrap: int
) -> pd.DataFrame:
    """Compare the fitted model with every other method, image by image.

    Returns:
        `PAIRED_COLUMNS`: the mean over images of a minus b, where both have a value, with its 95 %
        interval over identities, the p value of no difference, and the same corrected for the
        number of methods that one metric compares at one scale. Set metrics have no pairs and no
        rows.
    """
    metrics = [metric.name for metric in find_metrics(names) if metric.kind != "set"]
    columns = [name for name in metrics if name in measurements.images]
    groups = {
        (scale_factor, method): rows.set_index(KEY)[columns].astype(np.float64)
        for scale_factor, method, rows in groups_of(measurements.images, methods)
    }
    table = []
    for (scale_factor, method), values in groups.items():
        if method == FITTED or (scale_factor, FITTED) not in groups:
            continue
        differences = groups[scale_factor, FITTED] - values
        identities = [str(identity) for identity, _ in differences.index]
        for name in columns:
            numbers = differences[name].to_numpy(dtype=np.float64)
            interval = mean_interval(numbers, identities, num_bootstrap)
            ends = interval.mean, interval.lo, interval.hi, interval.num_identities
            table.append((FITTED, method, scale_factor, name, *ends, interval.p, math.nan))
    paired = pd.DataFrame(table, columns=PAIRED_COLUMNS)
    families = paired.groupby(["scale_factor", "metric"], sort=False)["p"]
    paired["p_holm"] = families.transform(lambda found: correct_holm(found.tolist()))
    return paired


def identity_metric(table: pd.DataFrame) -> str:
    """Return the distance to the person that a table holds, the paper's first; empty if none."""
    found = [name for name in IDENTITY_METRICS if name in table and table[name].notna().any()]
    return found[0] if found else ""


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table with six significant digits, so that the same numbers give the same bytes."""
    write_text(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def read_csv(path: Path) -> pd.DataFrame:
    """Read a table of comma-separated values, e.g. of `write_csv`.

    Raises:
        IdfsrError: The file is missing, is not a table, or is not what its digest says.
    """
    text = read_text(path, "a table of comma-separated values")
    try:
        # A digest of digits alone, or with an e among them, is not a number.
        return pd.read_csv(io.StringIO(text), dtype={"model_digest": str}, keep_default_na=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        message = f"{path}: not a table of comma-separated values: {error}"
        raise IdfsrError(message) from None
