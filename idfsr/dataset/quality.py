"""Which images are good enough, and why the others are not.

The paper says "quality filtering" and no more; the thresholds are those of `QualityConfig`
(docs/decisions/0016).
"""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from idfsr.config.quality import QualityConfig
from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY, OK, QUALITY_SCHEMA, reason_kind
from idfsr.io.tables import check_once

logger = logging.getLogger(__name__)

MIN_JUDGED = 3
"""Photographs of a person among which a stranger is told."""


def _join(manifest: pd.DataFrame, landmarks: pd.DataFrame) -> pd.DataFrame:
    usable = manifest.loc[manifest["status"] == OK, KEY]
    check_once(landmarks, "landmarks")
    matched = usable.merge(landmarks[KEY], on=KEY, how="outer", indicator=True)
    for side, problem in (
        ("left_only", "of the manifest has no landmarks"),
        ("right_only", "has landmarks but no usable row in the manifest"),
    ):
        alone = matched.loc[matched["_merge"] == side, KEY]
        if len(alone):
            message = (
                f"landmarks: {'/'.join(alone.iloc[0])} {problem} ({len(alone)} such images), "
                "wanted the shards of this manifest"
            )
            raise IdfsrError(message)
    table = manifest.merge(landmarks, on=KEY, how="left", validate="one_to_one")
    # pandas has no type for a column of nothing but nulls
    return table.astype(
        {"num_faces": "Int32", "score": "float32", "sharpness": "float32", "yaw": "float32"}
    )


def measure_likeness(table: pd.DataFrame) -> "pd.Series[float]":
    """Return how like each usable face is to the mean of the person's others, as a cosine.

    Of one photograph, or of two, nobody can tell whose it is: their likeness is empty.

    Args:
        table: Columns identity, status and z_id.
    """
    likeness = pd.Series(np.nan, index=table.index, dtype="float32")
    faces = table[(table["status"] == OK) & table["z_id"].notna()]
    for _, rows in faces.groupby("identity"):
        if len(rows) >= MIN_JUDGED:
            z_ids = np.stack(rows["z_id"].tolist())
            others = z_ids.sum(axis=0) - z_ids
            cosines = (z_ids * others).sum(axis=1) / np.linalg.norm(others, axis=1)
            cosines /= np.linalg.norm(z_ids, axis=1)
            likeness[rows.index] = cosines.astype(np.float32)
    return likeness


def _mark_strangers(table: pd.DataFrame, config: QualityConfig) -> None:
    strangers = table[table["likeness"] < config.min_likeness]
    if strangers.empty:
        return
    listed = [f"{row.identity}/{row.image} {row.likeness:.2f}" for row in strangers.itertuples()]
    logger.warning(
        "%d images probably show another person, likeness below %g: %s",
        len(strangers), config.min_likeness, ", ".join(listed),
    )  # fmt: skip
    if config.leave_out_strangers:
        table.loc[strangers.index, "status"] = [
            f"another person: likeness {likeness:.3g} below {config.min_likeness:g}"
            for likeness in strangers["likeness"]
        ]


def _checks(
    table: pd.DataFrame, config: QualityConfig
) -> list[tuple["pd.Series[float]", "pd.Series[bool]", str]]:
    """List the checks in order: the figure, who fails, and the reason with a gap for the figure."""
    side = table[["width", "height"]].min(axis="columns")
    num_faces, score, sharpness = table["num_faces"], table["score"], table["sharpness"]
    turn = table["yaw"].abs()
    crowded = (num_faces > config.max_num_faces) & (config.max_num_faces > 0)
    return [
        (side, side < config.min_size, f"small: shorter side {{:.0f}} below {config.min_size}"),
        (num_faces, num_faces == 0, "no face"),
        (num_faces, crowded, f"several faces: {{:.0f}} above {config.max_num_faces}"),
        (
            score,
            score < config.min_score,
            f"uncertain face: score {{:.3g}} below {config.min_score:g}",
        ),
        (
            sharpness,
            sharpness < config.min_sharpness,
            f"blurred: sharpness {{:.3g}} below {config.min_sharpness:g}",
        ),
        (
            turn,
            turn > config.max_yaw,
            f"turned away: yaw {{:.3g}} degrees above {config.max_yaw:g}",
        ),
    ]


def apply_thresholds(
    manifest: pd.DataFrame, landmarks: Sequence[pd.DataFrame], config: QualityConfig
) -> pd.DataFrame:
    """Join the manifest with the landmarks and give each poor image its reason.

    Args:
        manifest: Columns of `MANIFEST_SCHEMA`.
        landmarks: Shards with the columns of `LANDMARKS_SCHEMA`: together a row for each image
            whose status is "ok", and no other.
        config: The thresholds; an image exactly at one passes.

    Returns:
        Columns of `QUALITY_SCHEMA` in the manifest's order. The status is "ok", or the first
        reason, with the figure and the bound.

    Raises:
        IdfsrError: The shards are not those of the manifest.
    """
    table = _join(manifest, pd.concat(landmarks, ignore_index=True))
    for figures, fails, text in _checks(table, config):
        rejected = fails & (table["status"] == OK)
        table.loc[rejected, "status"] = [text.format(figure) for figure in figures[rejected]]
    table["likeness"] = measure_likeness(table)
    _mark_strangers(table, config)
    for kind, count in table["status"].map(reason_kind).value_counts().items():
        logger.info("%s: %d images", kind, count)
    return table.reindex(columns=QUALITY_SCHEMA.names)
