"""The z_id of person A on images of person B (IDFSR, Fig. 5): images, and how far they move."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.io.tables import read_table
from idfsr.report.interval_plot import draw_interval, name_places
from idfsr.report.intervals import mean_interval
from idfsr.report.layout import method_colours
from idfsr.report.pictures import decode, resize_nearest
from idfsr.report.pixels import squared_differences, to_psnr
from idfsr.report.style import QUIET, figure_style
from idfsr.report.tables import records
from idfsr.report.tiles import TileSheet

CONDITIONS: Final = {
    "fitted": ("B's, fitted", None),
    "other-photograph": ("A's, of one image", "idfsr-pt"),
    "other-mean": ("A's, mean", "idfsr-mean"),
    "other-person": ("A's, fitted", "idfsr-ft"),
}
"""Where z_id is from: in print, and the method that gets it so."""

MEASURES: Final = {
    "ids_other": ("Distance to A ↓", "IDS (SFace)"),
    "ids_sface": ("Distance to B ↑", "IDS (SFace)"),
    "psnr_background": ("Background ↑", "PSNR (dB)"),
}
"""Column to the title of its plot and the name of its axis."""

TILE = 176
NUM_ROWS = 4
PLOT = 340
NUM_BOOTSTRAP = 2000


@dataclass(frozen=True)
class Exchange:
    """An image of B with the z_id of A."""

    identity: str
    """B."""
    image: str
    other_identity: str
    """A."""
    other_image: UInt8[np.ndarray, "S S 3"]
    lr_image: UInt8[np.ndarray, "L L 3"]
    gt_image: UInt8[np.ndarray, "S S 3"]
    restored: dict[str, UInt8[np.ndarray, "S S 3"]]
    """By key of `CONDITIONS`."""
    numbers: dict[str, dict[str, float]]
    """By key of `CONDITIONS`, then of `MEASURES`."""


def read_rows(probes: Path, images: Path, exchanges: Path) -> pd.DataFrame:
    """Join the restored images of all conditions with their distances.

    Returns:
        Columns identity, image, other_identity, scale_factor, condition (a key of `CONDITIONS`),
        psnr, ids_sface, ids_other and sr_image.
    """
    names = [*KEY, "other_identity", "scale_factor"]
    scores = ["psnr", "ids_sface", "ids_other"]
    probed = read_table(probes, [*names, "probe", *scores]).merge(
        read_table(images, [*KEY, "probe", "sr_image"]), on=[*KEY, "probe"], validate="one_to_one"
    )
    others = read_table(exchanges, [*names, "exchange", *scores, "sr_image"])
    table = pd.concat(
        [
            probed.rename(columns={"probe": "condition"}),
            others.rename(columns={"exchange": "condition"}),
        ],
        ignore_index=True,
    )
    return table[table["condition"].isin(list(CONDITIONS))]


def measure_background(
    rows: pd.DataFrame, truth: dict[tuple[str, str], dict[str, Any]]
) -> pd.DataFrame:
    """Add PSNR outside the masked face, in dB."""
    values = []
    for row in records(rows):
        target = truth[row["identity"], row["image"]]
        outer, _ = squared_differences(
            decode(row["sr_image"]), decode(target["gt_image"]), target["mask_box"]
        )
        values.append(to_psnr(outer))
    return rows.assign(psnr_background=values)


def read_truth(shards: Sequence[Path]) -> dict[tuple[str, str], dict[str, Any]]:
    """Read the test images of shards by identity and image."""
    columns = [*KEY, "gt_image", "lr_image", "mask_box"]
    rows = read_shard(shards, columns, "test").to_pylist()
    return {(row["identity"], row["image"]): row for row in rows}


def choose_rows(rows: pd.DataFrame, num_rows: int) -> list[tuple[str, str]]:
    """Return the first image of each of the first people by name."""
    keys = rows[KEY].drop_duplicates().sort_values(KEY).drop_duplicates("identity")
    return [(row["identity"], row["image"]) for row in records(keys.head(num_rows))]


def read_exchange(
    key: tuple[str, str], rows: pd.DataFrame, truth: dict[tuple[str, str], dict[str, Any]]
) -> Exchange:
    """Collect the images of one row of the figure."""
    own = rows[(rows["identity"] == key[0]) & (rows["image"] == key[1])]
    found = {row["condition"]: row for row in records(own)}
    other = str(own["other_identity"].iloc[0])
    first = min(name for name in truth if name[0] == other)
    return Exchange(
        *key,
        other_identity=other,
        other_image=decode(truth[first]["gt_image"]),
        lr_image=decode(truth[key]["lr_image"]),
        gt_image=decode(truth[key]["gt_image"]),
        restored={name: decode(found[name]["sr_image"]) for name in CONDITIONS},
        numbers={name: {part: found[name][part] for part in MEASURES} for name in CONDITIONS},
    )


def _plot(axes: Axes, rows: pd.DataFrame, measure: str) -> None:
    colours = method_colours([method for _, method in CONDITIONS.values() if method])
    for place, (name, (_, method)) in enumerate(CONDITIONS.items()):
        group = rows[rows["condition"] == name]
        interval = mean_interval(
            group[measure].to_numpy(np.float64), list(group["identity"]), NUM_BOOTSTRAP
        )
        colour = QUIET if method is None else colours[method]
        draw_interval(axes, place, interval, colour)
    name_places(axes, [label for label, _ in CONDITIONS.values()])
    axes.margins(x=0.15)
    title, label = MEASURES[measure]
    axes.set_title(title)
    axes.set_xlabel(label)


def draw_exchanges(exchanges: Sequence[Exchange], rows: pd.DataFrame) -> Figure:
    """Draw a line of images for each person B, and below them the means over all people.

    Args:
        exchanges: The lines.
        rows: Of `measure_background`, of all people.
    """
    heads = [
        "Low resolution", "Ground truth", "fitted", "of one image", "mean", "fitted", "Photograph"
    ]  # fmt: skip
    with figure_style():
        sheet = TileSheet(
            len(exchanges), len(heads), left=8, top=72, lines_below=1, tile=TILE, below=PLOT
        )
        groups = ((0, 1, "Person B"), (2, 2, "B with own z_id"), (3, 5, "B with z_id of A"))
        for first, last, text in (*groups, (6, 6, "Person A")):
            sheet.name_columns(first, last, text, lines=1)
        for column, head in enumerate(heads):
            sheet.name_column(column, head)
        for row, exchange in enumerate(exchanges):
            size = len(exchange.gt_image)
            shown = (
                resize_nearest(exchange.lr_image, size), exchange.gt_image,
                *exchange.restored.values(), exchange.other_image,
            )  # fmt: skip
            notes = [
                "", f"{exchange.identity}/{exchange.image}",
                *(
                    f"A {found['ids_other']:.2f}, B {found['ids_sface']:.2f}"
                    for found in exchange.numbers.values()
                ),
                exchange.other_identity,
            ]  # fmt: skip
            for column, (image, note) in enumerate(zip(shown, notes, strict=True)):
                sheet.show(row, column, image)
                sheet.write_below(row, column, note)
        for number, (axes, measure) in enumerate(
            zip(sheet.add_plots(3, left=190, shared=True), MEASURES, strict=True)
        ):
            _plot(axes, rows, measure)
            if number:
                axes.tick_params(labelleft=False)
    return sheet.figure
