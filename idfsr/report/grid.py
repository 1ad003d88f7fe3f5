"""Restored images side by side (IDFSR, Fig. 4): what went in, each method, the ground truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from matplotlib.figure import Figure

from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.io.tables import read_table
from idfsr.report.layout import TIMES, method_label, scale_label
from idfsr.report.pictures import decode, enlarge, mask_box, read_tests
from idfsr.report.style import figure_style
from idfsr.report.tables import identity_metric, records
from idfsr.report.tiles import TileSheet

Picture = UInt8[np.ndarray, "S S 3"]


@dataclass(frozen=True)
class Example:
    """One row of the grid."""

    identity: str
    image: str
    lr_image: UInt8[np.ndarray, "L L 3"]
    masked_lr: Picture
    ref_image: Picture
    warped_ref: Picture
    sr_images: dict[str, Picture]
    """By method."""
    distances: dict[str, float]
    """IDS by method; empty where it was not measured."""
    gt_image: Picture


def choose_examples(keys: pd.DataFrame, num_examples: int) -> pd.DataFrame:
    """Choose images so that as many people as possible are seen.

    Args:
        keys: Columns identity and image.
        num_examples: How many, at most.

    Returns:
        The first image of each identity in the order of their names, then the second of each, ...
    """
    ordered = keys.sort_values(KEY, ignore_index=True)
    order = ordered.groupby("identity").cumcount().sort_values(kind="stable").index
    return ordered.loc[order[:num_examples]].reset_index(drop=True)


def read_targets(
    shards: Sequence[Path], num_examples: int
) -> tuple[list[dict[str, Any]], dict[tuple[str, str], dict[str, Any]]]:
    """Read test images of the shards and the images that can be their references.

    Returns:
        Rows of the shards: the chosen ones, and by (identity, image) those of the part "fit".

    Raises:
        IdfsrError: There is no test image.
    """
    keys = read_tests(shards, KEY).to_pandas()
    chosen = choose_examples(keys, num_examples)
    rows = [
        row
        for identity in chosen["identity"].unique()
        for row in read_shard(shards, identity=identity).to_pylist()
    ]
    by_key = {(row["identity"], row["image"]): row for row in rows}
    references = {key: row for key, row in by_key.items() if row["part"] == "fit"}
    return [by_key[row["identity"], row["image"]] for row in records(chosen)], references


def read_restored(
    paths: Sequence[Path], targets: Sequence[dict[str, Any]]
) -> dict[tuple[str, str, str], Picture]:
    """Read the restored images of some targets: (method, identity, image) -> image.

    Where a method could not restore an image, a white one stands.
    """
    white = np.full_like(decode(targets[0]["gt_image"]), 255)
    identities = {row["identity"] for row in targets}
    wanted = {(row["identity"], row["image"]) for row in targets}
    columns = ["identity", "image", "method", "sr_image"]
    frames = [read_table(path, columns, [("identity", "in", identities)]) for path in paths]
    return {
        (row["method"], row["identity"], row["image"]): (
            white if row["sr_image"] is None else decode(row["sr_image"])
        )
        for frame in frames
        for row in records(frame)
        if (row["identity"], row["image"]) in wanted
    }


def read_distances(paths: Sequence[Path]) -> dict[tuple[str, str, str], float]:
    """Read the IDS of all images: (method, identity, image) -> distance, where it was measured."""
    frames = [read_table(path) for path in paths]
    metric = identity_metric(pd.concat(frames)) if frames else ""
    return {
        (row["method"], row["identity"], row["image"]): float(row[metric])
        for frame in frames
        if metric in frame
        for row in records(frame)
    }


def _make_example(
    row: dict[str, Any],
    references: dict[tuple[str, str], dict[str, Any]],
    sr_images: dict[str, Picture],
    distances: dict[str, float],
) -> Example:
    reference = row["references"][0]
    gt_image, lr_image = decode(row["gt_image"]), decode(row["lr_image"])
    return Example(
        identity=row["identity"],
        image=row["image"],
        lr_image=lr_image,
        masked_lr=mask_box(enlarge(lr_image, len(gt_image)), tuple(row["mask_box"])),
        ref_image=decode(references[row["identity"], reference["image"]]["gt_image"]),
        warped_ref=decode(reference["warped_ref"]),
        sr_images=sr_images,
        distances=distances,
        gt_image=gt_image,
    )


def read_examples(
    shards: Sequence[Path],
    restored: Sequence[Path],
    metrics: Sequence[Path],
    methods: Sequence[str],
    num_examples: int,
) -> list[Example]:
    """Collect the images of the grid of one scale factor.

    Args:
        shards: Test shards.
        restored: Restored images, of all methods and identities.
        metrics: Metrics of single images, of all methods.
        methods: Methods shown, in this order.
        num_examples: Rows of the grid, at most.

    Raises:
        IdfsrError: A file is missing, or an image was not restored by a method.
    """
    targets, references = read_targets(shards, num_examples)
    sr_images = read_restored(restored, targets)
    distances = read_distances(metrics)
    examples = []
    for row in targets:
        identity, image = row["identity"], row["image"]
        absent = [method for method in methods if (method, identity, image) not in sr_images]
        if absent:
            message = f"restored images: no {identity}/{image} of {', '.join(absent)}"
            raise IdfsrError(message)
        keys = {method: (method, identity, image) for method in methods}
        found = {method: distances[key] for method, key in keys.items() if key in distances}
        shown = {method: sr_images[key] for method, key in keys.items()}
        examples.append(_make_example(row, references, shown, found))
    return examples


def draw_grid(examples: Sequence[Example], methods: Sequence[str]) -> Figure:
    """Draw the grid: a row for each example, a column for each input and method."""
    inputs = ("Low resolution", "Masked", "Reference", "Warped reference")
    names = [*inputs, *map(method_label, methods), "Ground truth"]
    with figure_style():
        sheet = TileSheet(len(examples), len(names), left=36, top=40, lines_below=1)
        for column, name in enumerate(names):
            sheet.name_column(column, name)
        for row, example in enumerate(examples):
            shown = (
                example.lr_image, example.masked_lr, example.ref_image, example.warped_ref,
                *(example.sr_images[method] for method in methods), example.gt_image,
            )  # fmt: skip
            for column, image in enumerate(shown):
                sheet.show(row, column, image)
            sheet.name_row(row, example.identity)
            side = len(example.lr_image)
            sheet.write_below(row, 0, f"{side} {TIMES} {side} px")
            sheet.write_below(row, len(names) - 1, f"{example.identity}/{example.image}")
            for column, method in enumerate(methods, len(inputs)):
                if method in example.distances:
                    sheet.write_below(row, column, f"IDS {example.distances[method]:.3f}")
    return sheet.figure


def describe_grid(scale_factor: int, examples: Sequence[Example]) -> tuple[str, str]:
    """Return the title and the caption of the grid."""
    title = f"Restored images, {scale_label(scale_factor)}"
    num_identities = len({example.identity for example in examples})
    measured = any(example.distances for example in examples)
    below = " Below each restored image is its identity distance, lower is better."
    caption = (
        f"{len(examples)} test images of {num_identities} people, the first of each by name, not "
        "picked by eye. Left to right: low-resolution image (pixels enlarged), what the network "
        "sees of it, the first reference and the same warped onto the target, the methods, the "
        f"ground truth.{below if measured else ''}"
    )
    return title, caption
