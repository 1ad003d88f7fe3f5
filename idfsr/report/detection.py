"""The detectors: landmarks on images of the data set, and errors at low resolution."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from idfsr.errors import IdfsrError
from idfsr.io.images import read_photograph
from idfsr.io.schemas import KEY, OK, reason_kind
from idfsr.report.grid import choose_examples
from idfsr.report.layout import scale_label
from idfsr.report.style import GOOD, INK, QUIET, figure_style
from idfsr.report.tables import read_csv
from idfsr.report.tiles import TILE, TileSheet, draw_box, draw_landmarks

CONTEXT = 1.8
"""Side of the square that is shown, over the longer side of the face's box."""

REASON_WIDTH = 24
"""Characters of a line below a tile."""


def _crop_square(
    image: Image.Image, corner: Float[np.ndarray, "2"], side: float
) -> UInt8[np.ndarray, "H W 3"]:
    """Cut a square out of an image, given its upper left corner, at the size of a tile."""
    box = (*corner, *(corner + side))
    tile = image.transform((TILE, TILE), Image.Transform.EXTENT, box, Image.Resampling.BICUBIC)
    return np.array(tile)


def _show(sheet: TileSheet, position: tuple[int, int], path: Path, row: pd.Series) -> None:
    """Show one image, around its face where one was found."""
    image = Image.fromarray(read_photograph(path, row["sha256"]))
    found = isinstance(row["box"], np.ndarray)
    box = np.asarray(row["box"] if found else (0, 0, *image.size), dtype=np.float64)
    side = max(box[2:] - box[:2]) * (CONTEXT if found else 1)
    side = min(side, *image.size)
    # A strongly reduced photograph would otherwise show scattered pixels.
    factor = max(1, int(side / TILE))
    corner = np.clip((box[:2] + box[2:] - side) / 2, 0, np.array(image.size) - side)
    small = image.reduce(factor) if factor > 1 else image
    tile = _crop_square(small, corner / factor, side / factor)
    zoom = TILE / side
    axes = sheet.show(*position, tile)
    if found:
        draw_box(axes, ((box.reshape(2, 2) - corner) * zoom).ravel().tolist())
        points = np.asarray(row["landmarks"], dtype=np.float64).reshape(-1, 2)
        draw_landmarks(axes, (points - corner) * zoom)


COLUMNS: Final = (*KEY, "path", "sha256", "height", "status", "box", "landmarks")
"""Of the table of the stage "quality" that are drawn."""


def choose_images(quality: pd.DataFrame, num_examples: int) -> pd.DataFrame:
    """Choose images that are used, then images that are not, of as many reasons as possible.

    Args:
        quality: The table of the stage "quality"; images that cannot be decoded have height 0.
        num_examples: Of each of the two kinds, at most.
    """
    used = quality[quality["status"] == OK]
    kept = choose_examples(used[KEY], num_examples)
    rejected = quality[(quality["status"] != OK) & (quality["height"] > 0)].copy()
    rejected["kind"] = rejected["status"].map(reason_kind)
    turn = rejected.sort_values(KEY).groupby("kind").cumcount()
    order = turn.sort_values(kind="stable").index[:num_examples]
    kept_rows = kept.merge(quality, on=KEY, how="left", validate="one_to_one")
    return pd.concat([kept_rows, rejected.loc[order, list(quality)]], ignore_index=True)


def draw_landmark_sheet(quality: pd.DataFrame, root: Path, num_examples: int) -> Figure:
    """Draw detections on images of the data set: a row that is used, a row that is left out.

    Args:
        quality: The table of the stage "quality".
        root: Folder to which its paths are relative.
        num_examples: Images of each row, at most.

    Raises:
        IdfsrError: An image cannot be read, or has changed since the index.
    """
    chosen = choose_images(quality, num_examples)
    parts = [chosen[chosen["status"] == OK], chosen[chosen["status"] != OK]]
    shown = [(name, part) for name, part in zip(("Used", "Left out"), parts, strict=True)
             if len(part)]  # fmt: skip
    with figure_style():
        num_columns = max(len(part) for _, part in shown)
        sheet = TileSheet(len(shown), num_columns, left=44, lines_below=3)
        for number, (name, part) in enumerate(shown):
            sheet.name_row(number, name)
            for column, (_, row) in enumerate(part.iterrows()):
                _show(sheet, (number, column), root / row["path"], row)
                label = f"{row['identity']}/{row['image']}"
                if row["status"] != OK:
                    label += f"\n{textwrap.fill(row['status'], REASON_WIDTH)}"
                sheet.write_below(number, column, label)
    return sheet.figure


LANDMARKS_TITLE = "Faces and landmarks"
LANDMARKS_CAPTION = (
    "The face that RetinaFace found in images of the data set, with its five landmarks. Images "
    "left out by the quality filter have the reason below them."
)

DETECTORS = {"stock": QUIET, "fine-tuned": GOOD}
"""Values of the column `detector`, in the order of the bars."""


def _bars(axes: Axes, errors: pd.DataFrame, column: str, upper: str) -> None:
    """Draw bars of a column with a line up to another, which may be the same."""
    scale_factors = sorted(set(errors["scale_factor"]))
    width = 0.36
    for number, (detector, colour) in enumerate(DETECTORS.items()):
        rows = errors[errors["detector"] == detector].set_index("scale_factor")
        heights = 100 * rows.reindex(scale_factors)[column].to_numpy(dtype=np.float64)
        places = np.arange(len(scale_factors)) + (number - 0.5) * (width + 0.04)
        axes.bar(places, np.nan_to_num(heights), width, color=colour, label=detector)
        tops = 100 * rows.reindex(scale_factors)[upper].to_numpy(dtype=np.float64)
        axes.vlines(places, heights, tops, color=INK, linewidth=0.9)
        for place, height, top in zip(places, heights, tops, strict=True):
            if not np.isnan(height):
                axes.annotate(
                    f"{height:.1f}", (place, top), (0, 2), textcoords="offset points",
                    ha="center", va="bottom", fontsize=7.5,
                )  # fmt: skip
    axes.set_xticks(range(len(scale_factors)), [scale_label(factor) for factor in scale_factors])
    axes.grid(visible=False, axis="x")


def draw_lr_detector(errors: pd.DataFrame) -> Figure:
    """Draw the errors of the stock and the fine-tuned detector by scale factor.

    Args:
        errors: Columns detector, scale_factor, num_images, found, nme and nme_p90.
    """
    with figure_style():
        figure = Figure(figsize=(8.0, 3.3), layout="constrained")
        left, right = figure.subplots(1, 2)
        _bars(left, errors, "nme", "nme_p90")
        left.set_title("Landmark error (% of eye distance) ↓")
        _bars(right, errors, "found", "found")
        right.set_title("Faces found (%) ↑")
        left.margins(y=0.12)
        right.set_ylim(0, 112)
        right.set_yticks(range(0, 101, 25))
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


LR_DETECTOR_TITLE = "Landmarks at low resolution"


def describe_lr_detector(errors: pd.DataFrame) -> str:
    """Return the caption of `draw_lr_detector`."""
    num_images = " or ".join(f"{count:,}" for count in sorted(set(errors["num_images"])))
    return (
        "RetinaFace as published and after fine-tuning on degraded faces, on enlarged "
        f"low-resolution images of held-out people ({num_images} images a scale factor). Left: "
        "distance of the five landmarks from those found in high quality, the best guess for every "
        "image whatever its score; bar and number are the mean, the line reaches to the 90th "
        "percentile. Right: share of images in which that guess passes the detector's threshold."
    )


def read_errors(path: Path) -> pd.DataFrame:
    """Read the errors of the detectors.

    Raises:
        IdfsrError: The file is missing, lacks a column, or is not what its digest says.
    """
    wanted: Sequence[str] = (
        "detector", "scale_factor", "num_images", "found", "nme", "nme_p90",
    )  # fmt: skip
    errors = read_csv(path)
    if not set(wanted) <= set(errors):
        message = f"{path}: found columns {', '.join(map(str, errors))}, wanted {', '.join(wanted)}"
        raise IdfsrError(message)
    return errors
