"""The worst results by identity, and which of their circumstances was the most unusual.

That a circumstance is unusual does not make it the cause: the table says how it goes together with
the distance over all images.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from idfsr.errors import IdfsrError
from idfsr.faces.warp import landmark_distance
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.metrics.engine.metric import Metric
from idfsr.report.grid import read_restored
from idfsr.report.pictures import decode
from idfsr.report.style import INK, figure_style
from idfsr.report.tables import records
from idfsr.report.tiles import TileSheet
from idfsr.report.warping import read_errors

NUM_WORST: Final = 10
TILE: Final = 144
TEXT: Final = 330
"""Room for the text of a row, in pixels of the figure."""

UNUSUAL: Final = 0.8
"""Share of the images that a circumstance must exceed to be named."""

CAUSES: Final = {
    "warp": "residual of the warp",
    "pose": "pose unlike the reference's",
    "z_id": "z_id unlike the photographs'",
}
"""Circumstance to its name in print: the residual of Fig. 3; how far the landmarks of the two
photographs are apart once place, size and tilt are taken out, over the distance between the eyes;
one minus the cosine of the ground truth's z_id with the mean over the fit images."""


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))


def read_circumstances(shards: Sequence[Path]) -> pd.DataFrame:
    """Measure what may have made each test image hard.

    Returns:
        identity, image, scale_factor, lr_detected, and a column for each of `CAUSES`.
    """
    columns = [*KEY, "part", "landmarks", "z_id", "references"]
    rows = read_shard(shards, columns).to_pylist()
    points = {
        (row["identity"], row["image"]): np.reshape(row["landmarks"], (-1, 2)) for row in rows
    }
    fitted: dict[str, list[np.ndarray]] = {}
    for row in rows:
        if row["part"] == "fit":
            fitted.setdefault(row["identity"], []).append(_unit(np.asarray(row["z_id"])))
    found = []
    for row in rows:
        if row["part"] == "test":
            own = points[row["identity"], row["image"]]
            other = points[row["identity"], row["references"][0]["image"]]
            mean = _unit(np.mean(fitted[row["identity"]], axis=0))
            found.append(
                {
                    "identity": row["identity"],
                    "image": row["image"],
                    "pose": landmark_distance(other, own) / np.linalg.norm(own[1] - own[0]),
                    "z_id": 1 - float(_unit(np.asarray(row["z_id"])) @ mean),
                }
            )
    errors = read_errors(shards).rename(columns={"error": "warp"})
    return errors.drop(columns="well_conditioned").merge(pd.DataFrame(found), on=KEY)


def explain_failures(
    circumstances: pd.DataFrame, measured: pd.DataFrame, metric: str
) -> pd.DataFrame:
    """Rank all images by their identity distance, the worst first.

    Args:
        circumstances: Of `read_circumstances`.
        measured: Metrics of one method at that scale factor.
        metric: The identity distance.

    Returns:
        The circumstances with the metric, the rank of each circumstance as a share of the images
        (`<cause>_rank`, 1 is the most unusual), and `reason`: that the face was not found, or the
        most unusual circumstance, if its rank is `UNUSUAL` at least.
    """
    keys = [*KEY, "scale_factor"]
    if "scale_factor" not in measured:
        message = f"metrics: found columns {', '.join(map(str, measured))}, wanted scale_factor"
        raise IdfsrError(message)
    table = circumstances.merge(measured[[*keys, metric]].dropna(), on=keys)
    table = table.sort_values([metric, *KEY], ascending=[False, True, True], ignore_index=True)
    ranks = table[list(CAUSES)].rank(pct=True)
    table = table.join(ranks.add_suffix("_rank"))
    unusual = ranks.idxmax(axis="columns").map(CAUSES)
    unusual = unusual.where(ranks.max(axis="columns") >= UNUSUAL, "nothing unusual")
    table["reason"] = unusual.where(table["lr_detected"], "no face found, mean landmarks")
    return table


def describe_causes(table: pd.DataFrame, metric: str) -> str:
    """Say in words how each circumstance goes together with the distance over all images."""
    texts = []
    for cause, name in CAUSES.items():
        found = float(spearmanr(table[cause], table[metric]).statistic)
        texts.append(f"{name} {found:+.2f}")
    return ", ".join(texts)


def _describe(row: dict[str, Any], metric: Metric) -> str:
    lines = [f"{row['identity']}/{row['image']}", f"{metric.title} {row[metric.name]:.3f}"]
    for cause, name in CAUSES.items():
        value = f"{row[cause]:.2f}" if cause == "z_id" else f"{100 * row[cause]:.0f} %"
        lines.append(
            f"{name.split(' ', 1)[0]} {value}, rank {100 * row[f'{cause}_rank']:.0f} of 100"
        )
    return "\n".join([*lines, row["reason"]])


def draw_failures(
    table: pd.DataFrame,
    shards: Sequence[Path],
    restored: Sequence[Path],
    method: str,
    metric: Metric,
) -> Figure:
    """Draw a row for each of the worst: low resolution, reference, restored, ground truth."""
    worst = records(table.head(NUM_WORST))
    columns = ("Input", "Reference", "Restored", "Ground truth")
    with figure_style():
        sheet = TileSheet(len(worst), len(columns), left=TEXT, top=32, tile=TILE)
        for column, name in enumerate(columns):
            sheet.name_column(column, name)
        for number, row in enumerate(worst):
            own = read_shard(shards, identity=row["identity"]).to_pylist()
            by_name = {image["image"]: image for image in own}
            target = by_name[row["image"]]
            found = read_restored(restored, [target])
            pictures = (
                decode(target["lr_image"]),
                decode(by_name[target["references"][0]["image"]]["gt_image"]),
                found[method, row["identity"], row["image"]],
                decode(target["gt_image"]),
            )
            for column, picture in enumerate(pictures):
                sheet.show(number, column, picture)
            sheet.write_left(number, _describe(row, metric), INK)
    return sheet.figure
