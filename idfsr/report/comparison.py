"""Few images large, by every method and at every scale (IDFSR, Figs. 1 and 4).

The eyes, the mouth and, where it is known, the person's mark are shown enlarged below each image.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8
from matplotlib.figure import Figure

from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.io.tables import read_table
from idfsr.metrics.engine.metric import Metric
from idfsr.report.grid import read_restored
from idfsr.report.layout import TIMES, method_label, scale_label
from idfsr.report.pictures import decode, read_tests, resize_nearest
from idfsr.report.style import figure_style
from idfsr.report.tables import records
from idfsr.report.tiles import STRIP_GAP, TileSheet, draw_box
from idfsr.report.zooms import COLOURS, HEIGHT, cut_out, find_zooms

COLUMNS = 7
"""Images side by side, at most."""

TILE = 192
"""Side of an image, in pixels of the figure: a pixel of a 64 px image is a square of 3 x 3."""

MAX_TURN = 0.18
"""Faces whose nose is further off their middle, over the distance between the eyes, come last."""

Key = tuple[str, str]
"""Identity and image."""

Point = Float[np.ndarray, "2"]


@dataclass(frozen=True)
class Face:
    """An image of a person, and where its parts are."""

    picture: UInt8[np.ndarray, "S S 3"]
    landmarks: Float[np.ndarray, "5 2"]
    mark: Point | None


@dataclass(frozen=True)
class View:
    """A test image at one scale factor."""

    scale_factor: int
    key: Key
    lr_image: UInt8[np.ndarray, "L L 3"]
    reference_name: str
    reference: Face
    truth: Face
    sr_images: dict[str, UInt8[np.ndarray, "S S 3"]]
    """By method, in the order of the figure."""


def read_marks(truth: Path | None, ratio: float) -> dict[Key, Point]:
    """Return where the marks of rendered people are, by image; nothing for photographs.

    Args:
        truth: `ground_truth.parquet` of the renderer.
        ratio: Side of the images of the figure over that of the rendered ones.
    """
    if truth is None:
        return {}
    rows = records(read_table(truth, [*KEY, "mark_place"]))
    return {
        (row["identity"], row["image"]): np.asarray(row["mark_place"]) * ratio
        for row in rows
        if row["mark_place"] is not None
    }


def is_turned(landmarks: Float[np.ndarray, "5 2"]) -> bool:
    """Return whether a face looks past the viewer: its nose is off the middle of eyes and mouth."""
    middle = (landmarks[:2].mean(axis=0) + landmarks[3:].mean(axis=0)) / 2
    off = abs(landmarks[2, 0] - middle[0]) / np.linalg.norm(landmarks[1] - landmarks[0])
    return bool(off > MAX_TURN)


def choose_images(
    faces: Mapping[Key, Float[np.ndarray, "5 2"]],
    named: Sequence[str],
    seed: int,
    marks: dict[Key, Point],
) -> list[Key]:
    """Return the images of the figure in its order, of each person one.

    Args:
        faces: Landmarks of all test images.
        named: identity/image of those wanted; none draws by a hash of the seed and the name: those
            that look at the viewer before the others, and of them those that show a mark.
        seed: Of the draw.
        marks: By image.

    Raises:
        IdfsrError: A named image is not a test image.
    """
    if named:
        known = {f"{identity}/{image}": (identity, image) for identity, image in faces}
        if unknown := [name for name in named if name not in known]:
            message = (
                f"figures.images: found {unknown[0]}, wanted one of {len(faces)} test images, "
                f"e.g. {min(known)}"
            )
            raise IdfsrError(message)
        return [known[name] for name in named]

    def rank(key: Key) -> tuple[bool, bool, bytes]:
        return (
            is_turned(faces[key]),
            key not in marks,
            hashlib.sha256(f"{seed}/{'/'.join(key)}".encode()).digest(),
        )

    first: dict[str, Key] = {}
    for key in sorted(faces, key=rank):
        first.setdefault(key[0], key)
    return list(first.values())


def read_faces(shards: Sequence[Path]) -> dict[Key, Float[np.ndarray, "5 2"]]:
    """Return the landmarks of the test images of shards.

    Raises:
        IdfsrError: There is none.
    """
    rows = read_tests(shards, [*KEY, "landmarks"]).to_pylist()
    return {
        (row["identity"], row["image"]): np.asarray(row["landmarks"]).reshape(-1, 2) for row in rows
    }


def read_view(
    shards: Sequence[Path],
    restored: Sequence[Path],
    methods: Sequence[str],
    key: Key,
    marks: dict[Key, Point],
) -> View:
    """Read a test image at the scale factor of some shards.

    Args:
        shards: Of one scale factor.
        restored: Restored images of that scale factor, of all methods or more.
        methods: Those that are shown.
        key: Of the image.
        marks: By image, in pixels of the ground truth.

    Raises:
        IdfsrError: A method has not restored it.
    """
    identity, image = key
    rows = {row["image"]: row for row in read_shard(shards, identity=identity).to_pylist()}

    def face(name: str) -> Face:
        landmarks = np.asarray(rows[name]["landmarks"], dtype=np.float64).reshape(-1, 2)
        return Face(decode(rows[name]["gt_image"]), landmarks, marks.get((identity, name)))

    row: dict[str, Any] = rows[image]
    found = read_restored(restored, [row])
    absent = [method for method in methods if (method, identity, image) not in found]
    if absent:
        message = f"restored images: no {identity}/{image} of {', '.join(absent)}"
        raise IdfsrError(message)
    return View(
        scale_factor=row["scale_factor"],
        key=key,
        lr_image=decode(row["lr_image"]),
        reference_name=row["references"][0]["image"],
        reference=face(row["references"][0]["image"]),
        truth=face(image),
        sr_images={method: found[method, identity, image] for method in methods},
    )


def _tiles(view: View) -> list[tuple[str, UInt8[np.ndarray, "S S 3"], Face]]:
    """Return the heading of each image of a view, the image, and whose parts are cut out of it."""
    truth = view.truth
    enlarged = resize_nearest(view.lr_image, len(truth.picture))
    return [
        ("Low resolution", enlarged, truth),
        ("Reference", view.reference.picture, view.reference),
        *((method_label(name), image, truth) for name, image in view.sr_images.items()),
        ("Ground truth", truth.picture, truth),
    ]


def draw_views(views: Sequence[View], distances: dict[tuple[str, int, Key], str]) -> Figure:
    """Draw a line or two of images for each view, a dashed line between two scale factors.

    Args:
        views: The smaller scale factor first.
        distances: Printed identity distance by method, scale factor and image.
    """
    num_tiles = 3 + len(views[0].sr_images)
    num_lines = -(-num_tiles // COLUMNS)
    num_columns = -(-num_tiles // num_lines)
    with_mark = any(
        face.mark is not None for view in views for face in (view.truth, view.reference)
    )
    room = TILE - (1 + with_mark) * STRIP_GAP
    with figure_style():
        sheet = TileSheet(
            num_lines * len(views), num_columns,
            left=36, lines_above=1, lines_below=1, tile=TILE, strip=HEIGHT,
        )  # fmt: skip
        for number, view in enumerate(views):
            first = number * num_lines
            if number and view.scale_factor != views[number - 1].scale_factor:
                sheet.rule_above(first)
            sheet.name_row(first, f"{scale_label(view.scale_factor)}, {view.key[0]}")
            notes = [
                f"{len(view.lr_image)} {TIMES} {len(view.lr_image)} px",
                f"{view.key[0]}/{view.reference_name}",
                *(
                    distances.get((name, view.scale_factor, view.key), "")
                    for name in view.sr_images
                ),
                "/".join(view.key),
            ]
            for place, (tile, note) in enumerate(zip(_tiles(view), notes, strict=True)):
                heading, image, face = tile
                row, column = first + place // num_columns, place % num_columns
                axes = sheet.show(row, column, image)
                zooms = find_zooms(face.landmarks, face.mark, room, with_mark=with_mark)
                if face is view.reference or heading == "Ground truth":
                    for zoom in zooms:
                        draw_box(axes, zoom.box, COLOURS[zoom.name])
                cut_outs = [(cut_out(image, zoom), COLOURS[zoom.name]) for zoom in zooms]
                sheet.show_strip(row, column, cut_outs)
                sheet.name_tile(row, column, heading)
                sheet.write_below(row, column, note)
    return sheet.figure


def print_distances(measured: pd.DataFrame, metric: Metric) -> dict[tuple[str, int, Key], str]:
    """Return the identity distance of each image in print, by method, scale factor and image."""
    rows = records(measured[measured[metric.name].notna()])
    return {
        (row["method"], row["scale_factor"], (row["identity"], row["image"])): (
            f"{metric.title} {row[metric.name]:.3f}"
        )
        for row in rows
    }


def list_views(views: Sequence[View], measured: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers of the images shown: a row for each view and method, all its metrics."""
    order = {
        (view.scale_factor, *view.key, method): (view, method)
        for view in views
        for method in view.sr_images
    }
    rows = measured.set_index(["scale_factor", *KEY, "method"]).reindex(list(order))
    shown = [view for view, _ in order.values()]
    rows.insert(0, "reference", [view.reference_name for view in shown])
    rows.insert(1, "mark_seen", [view.truth.mark is not None for view in shown])
    return rows.reset_index()
