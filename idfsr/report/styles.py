"""One low-resolution image with several references (IDFSR, Fig. 6): what follows, what stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from idfsr.errors import IdfsrError
from idfsr.io.schemas import EXCHANGES_SCHEMA, KEY
from idfsr.io.shards import read_shard
from idfsr.io.tables import read_table
from idfsr.report.interval_plot import draw_interval, name_places
from idfsr.report.intervals import mean_interval
from idfsr.report.pictures import decode, resize_nearest
from idfsr.report.pixels import squared_differences
from idfsr.report.style import BAD, GOOD, figure_style
from idfsr.report.tables import records
from idfsr.report.tiles import TileSheet

NUM_PEOPLE, NUM_STYLES = 4, 3
"""People shown, and references of each."""

BLOCKS = 2
"""People side by side."""

TILE = 160
PLOT = 320
NUM_BOOTSTRAP = 2000

AGREEMENTS: Final = {
    "follows_reference": "of its reference",
    "follows_truth": "of the ground truth",
    "references_agree": "in both",
}
"""Column of the numbers to its line of the plot."""

CHANGES: Final = {"face": "in the face", "background": "around it"}


@dataclass(frozen=True)
class Styled:
    """A low-resolution image, and what each reference makes of it."""

    identity: str
    image: str
    lr_image: UInt8[np.ndarray, "L L 3"]
    gt_image: UInt8[np.ndarray, "S S 3"]
    references: dict[str, UInt8[np.ndarray, "S S 3"]]
    restored: dict[str, UInt8[np.ndarray, "S S 3"]]
    """By name of the reference."""
    notes: dict[str, str]
    """Expression seen in the restored image, likewise."""
    reference_notes: dict[str, str]
    truth_note: str


def read_styled(shards: Sequence[Path], exchanges: Path) -> tuple[list[Styled], pd.DataFrame]:
    """Read the images restored with several references.

    Returns:
        The images, by name; and for each restored one identity, image, reference, psnr, ids_sface
        and the three expressions.

    Raises:
        IdfsrError: There are none.
    """
    table = read_table(exchanges, EXCHANGES_SCHEMA.names)
    table = table[table["exchange"] == "style"].sort_values([*KEY, "reference"])
    if table.empty:
        message = f"{exchanges}: found no image with another reference, wanted one at least"
        raise IdfsrError(message)
    styled = []
    for (identity, image), rows in table.groupby(KEY):
        shard = read_shard(shards, [*KEY, "gt_image", "lr_image"], identity=str(identity))
        known = {row["image"]: row for row in shard.to_pylist()}
        found = records(rows)
        styled.append(
            Styled(
                identity=str(identity),
                image=str(image),
                lr_image=decode(known[image]["lr_image"]),
                gt_image=decode(known[image]["gt_image"]),
                references={
                    row["reference"]: decode(known[row["reference"]]["gt_image"]) for row in found
                },
                restored={row["reference"]: decode(row["sr_image"]) for row in found},
                notes={row["reference"]: row["sr_expression"] for row in found},
                reference_notes={row["reference"]: row["reference_expression"] for row in found},
                truth_note=found[0]["gt_expression"],
            )
        )
    return styled, table.drop(columns=["sr_image", "exchange", "other_identity", "ids_other"])


def measure_changes(styled: Sequence[Styled], shards: Sequence[Path]) -> pd.DataFrame:
    """Measure how much the restored images of one low-resolution image differ among each other.

    Returns:
        A row for each pair of references: identity, image, first, second, and the root mean squared
        difference as a share of the range, face (inside the mask) and background (outside).
    """
    rows = read_shard(shards, [*KEY, "mask_box"], "test").to_pylist()
    boxes = {(row["identity"], row["image"]): row["mask_box"] for row in rows}
    changes: list[dict[str, Any]] = []
    for one in styled:
        for first, second in combinations(one.restored, 2):
            outer, inner = squared_differences(
                one.restored[first], one.restored[second], boxes[one.identity, one.image]
            )
            changes.append(
                {
                    "identity": one.identity, "image": one.image, "first": first, "second": second,
                    "face": inner**0.5, "background": outer**0.5,
                }
            )  # fmt: skip
    return pd.DataFrame(changes, columns=[*KEY, "first", "second", "face", "background"])


def measure_agreement(numbers: pd.DataFrame) -> pd.DataFrame:
    """Say of images whose reference has another expression than the ground truth which they have.

    Returns:
        Columns identity, follows_reference, follows_truth, references_agree: 1 or 0; the last one
        is of the other images, where the two have the same expression.
    """
    seen = numbers[numbers["sr_expression"] != ""]
    same = seen["reference_expression"] == seen["gt_expression"]
    reference = (seen["sr_expression"] == seen["reference_expression"]).astype(float)
    truth = (seen["sr_expression"] == seen["gt_expression"]).astype(float)
    return pd.DataFrame(
        {
            "identity": seen["identity"],
            "follows_reference": reference.where(~same),
            "follows_truth": truth.where(~same),
            "references_agree": truth.where(same),
        }
    )


def _plot(axes: Axes, table: pd.DataFrame, columns: dict[str, str], title: str, label: str) -> None:
    for place, name in enumerate(columns):
        values = 100 * table[name].to_numpy(np.float64)
        interval = mean_interval(values, list(table["identity"]), NUM_BOOTSTRAP)
        colour = GOOD if place == 0 else BAD
        draw_interval(axes, place, interval, colour)
    name_places(axes, list(columns.values()))
    axes.set_xlim(left=0)
    axes.set_title(title)
    axes.set_xlabel(label)


def draw_styles(styled: Sequence[Styled], numbers: pd.DataFrame, changes: pd.DataFrame) -> Figure:
    """Draw a block of two lines for each person, references above results, and the plots below.

    Args:
        styled: People shown.
        numbers: Of `read_styled`, of all people.
        changes: Of `measure_changes`, of all people.
    """
    num_columns = 1 + NUM_STYLES
    blocks = min(BLOCKS, len(styled))
    with figure_style():
        sheet = TileSheet(
            2 * -(-len(styled) // blocks), blocks * num_columns,
            left=36, top=8, lines_above=1, lines_below=1, tile=TILE, below=PLOT,
        )  # fmt: skip
        for number, one in enumerate(styled):
            row, column = 2 * (number // blocks), (number % blocks) * num_columns
            size = len(one.gt_image)
            sheet.show(row, column, resize_nearest(one.lr_image, size))
            sheet.name_tile(row, column, "Low resolution")
            sheet.write_below(row, column, f"{one.identity}/{one.image}")
            if row and column == 0:
                sheet.rule_above(row)
            sheet.show(row + 1, column, one.gt_image)
            sheet.name_tile(row + 1, column, "Ground truth")
            sheet.write_below(row + 1, column, one.truth_note)
            for place, name in enumerate(list(one.restored)[:NUM_STYLES], column + 1):
                sheet.show(row, place, one.references[name])
                sheet.name_tile(row, place, f"Reference {name}")
                sheet.write_below(row, place, one.reference_notes[name])
                sheet.show(row + 1, place, one.restored[name])
                sheet.name_tile(row + 1, place, "Restored")
                sheet.write_below(row + 1, place, one.notes[name])
        left, right = sheet.add_plots(2, left=196)
        _plot(left, changes, CHANGES, "Results of two references differ by", "% of the range")
        agreement = measure_agreement(numbers)
        _plot(right, agreement, AGREEMENTS, "Restored images with the expression", "%")
    return sheet.figure
