"""What the page's script is given: the images of every scale factor with their metrics, as JSON."""

import base64
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idfsr.io.tables import read_table
from idfsr.metrics.engine.registry import find_metrics
from idfsr.report.layout import Column, method_colours, method_label, metric_columns, scale_label
from idfsr.report.sheets import INPUT_TILES, TRUTH_TILE, check_file, read_index
from idfsr.report.tables import records

MAX_EMBEDDED = 12 * 2**20
"""Bytes of images that the page holds itself; where a run has more, they stay in folders beside it.
Base64 makes a third more of them."""

SIGNIFICANT_DIGITS = 5
"""Of a metric of one image, as JSON."""

TILE_LABELS = {
    "low-resolution": "Low resolution",
    "reference": "Reference",
    "warped-reference": "Warped reference",
    TRUTH_TILE: "Ground truth",
}

ImageScores = dict[tuple[int, str, str, str], dict[str, float]]
"""(scale factor, identity, image, method) -> metric -> value."""


@dataclass(frozen=True)
class ImageSource:
    """Turns the images of a folder into addresses for the page."""

    page_dir: Path
    """Folder of the page."""
    embed: bool
    """Whether the page holds the images itself."""

    def address(self, path: Path, digest: str) -> str:
        """Return a data URL, or the path from the page to the image.

        Raises:
            IdfsrError: The image is missing or was damaged.
        """
        if not self.embed:
            return Path(os.path.relpath(path, self.page_dir)).as_posix()
        check_file(path, digest)
        data = base64.b64encode(path.read_bytes()).decode("ascii")
        return f"data:image/webp;base64,{data}"


def choose_source(page: Path, folders: Sequence[Path]) -> ImageSource:
    """Embed the images of some folders, if there are not too many."""
    sizes = [path.stat().st_size for folder in folders for path in folder.glob("*.webp")]
    return ImageSource(page.parent, embed=sum(sizes) <= MAX_EMBEDDED)


def image_columns(names: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of the metrics that single images have."""
    kinds = {metric.name: metric.kind for metric in find_metrics(names)}
    return metric_columns([name for name in dict.fromkeys(names) if kinds[name] != "set"])


def read_scores(metrics: Sequence[Path], names: Sequence[str]) -> ImageScores:
    """Read the metrics of single images.

    Args:
        metrics: Tables of all methods and scale factors.
        names: Metrics wanted, where a table has them.
    """
    scores = {}
    for path in metrics:
        table = read_table(path)
        found = [name for name in names if name in table]
        for row in records(table):
            key = int(row["scale_factor"]), row["identity"], row["image"], row["method"]
            scores[key] = {name: float(row[name]) for name in found}
    return scores


def _round(value: float) -> float | None:
    """Return what JSON can hold."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None


def _describe_tile(name: str, colours: dict[str, str]) -> dict[str, str]:
    if name in TILE_LABELS:
        return {"kind": "truth" if name == TRUTH_TILE else "input", "label": TILE_LABELS[name]}
    return {"kind": "method", "label": method_label(name), "colour": colours[name]}


def _scale_data(
    folder: Path, scores: ImageScores, columns: Sequence[Column], source: ImageSource
) -> dict[str, Any]:
    index = read_index(folder)
    scale_factor, names = index["scale_factor"], index["tiles"]
    methods = [name for name in names if name not in (*INPUT_TILES, TRUTH_TILE)]
    colours = method_colours(methods)
    images = []
    for entry in index["images"]:
        key = scale_factor, entry["identity"], entry["image"]
        of_methods = [scores.get((*key, method), {}) for method in methods]
        images.append(
            {
                "person": entry["identity"],
                "image": entry["image"],
                "src": source.address(folder / entry["file"], entry["sha256"]),
                "failed": [method_label(method) for method in entry["failed"]],
                "scores": [
                    [_round(found.get(column.metric, math.nan)) for found in of_methods]
                    for column in columns
                ],
            }
        )
    return {
        "factor": scale_factor,
        "label": scale_label(scale_factor),
        "size": index["size"],
        "columns": index["num_columns"],
        "tiles": [_describe_tile(name, colours) for name in names],
        "images": images,
    }


def view_data(
    folders: Sequence[Path],
    scores: ImageScores,
    columns: Sequence[Column],
    first: str,
    source: ImageSource,
) -> dict[str, Any]:
    """Return what the script shows.

    Args:
        folders: Of `idfsr gather faces`, one for each scale factor.
        scores: Of `read_scores`.
        columns: Metrics to sort by.
        first: The one that stands below the faces until another is chosen, if it is known.
        source: Of the images.

    Raises:
        IdfsrError: An index or an embedded image is missing or was damaged.
    """
    known = {
        name for found in scores.values() for name, value in found.items() if not math.isnan(value)
    }
    shown = [column for column in columns if column.metric in known]
    names = [column.metric for column in shown]
    return {
        "first": names.index(first) if first in names else 0,
        "metrics": [
            {
                "name": column.metric,
                "label": column.heading,
                "higher": column.direction == "higher",
                "factor": 100 if column.unit == "share" else 1,
                "decimals": column.decimals - 2 if column.unit == "share" else column.decimals,
            }
            for column in shown
        ],
        "scales": [_scale_data(folder, scores, shown, source) for folder in folders],
    }
