"""How well references land on their targets (IDFSR, Fig. 3): the worst and the best cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8
from matplotlib.figure import Figure

from idfsr.errors import IdfsrError
from idfsr.faces.align import transform
from idfsr.io.shards import read_shard
from idfsr.report.layout import scale_label
from idfsr.report.pictures import decode, enlarge
from idfsr.report.style import figure_style
from idfsr.report.tables import records
from idfsr.report.tiles import TileSheet, draw_box, draw_landmarks

ROW_NAMES = ("Reference", "Warped", "Low resolution", "Ground truth")


@dataclass(frozen=True)
class WarpCase:
    """The first reference of a target, before and after the warp."""

    identity: str
    image: str
    error: float
    """Mean distance of the reference's warped landmarks from the target's true ones, as a share
    of the distance between the target's eyes."""
    well_conditioned: bool
    lr_detected: bool
    ref_image: UInt8[np.ndarray, "S S 3"]
    ref_landmarks: Float[np.ndarray, "5 2"]
    warped_ref: UInt8[np.ndarray, "S S 3"]
    warped_landmarks: Float[np.ndarray, "5 2"]
    lr_image: UInt8[np.ndarray, "S S 3"]
    """Enlarged to the size of the ground truth."""
    lr_landmarks: Float[np.ndarray, "5 2"]
    mask_box: tuple[int, int, int, int]
    gt_image: UInt8[np.ndarray, "S S 3"]
    landmarks: Float[np.ndarray, "5 2"]


def _points(values: Sequence[float]) -> Float[np.ndarray, "5 2"]:
    return np.asarray(values, dtype=np.float64).reshape(-1, 2)


def landmark_error(
    landmarks: Float[np.ndarray, "5 2"], true_landmarks: Float[np.ndarray, "5 2"]
) -> float:
    """Return the mean distance of landmarks from the true ones, over that between the true eyes."""
    distances = np.linalg.norm(landmarks - true_landmarks, axis=1)
    return float(distances.mean() / np.linalg.norm(true_landmarks[1] - true_landmarks[0]))


def _warped_landmarks(
    row: dict[str, Any], ref_landmarks: Float[np.ndarray, "5 2"]
) -> Float[np.ndarray, "5 2"]:
    affine = np.asarray(row["references"][0]["affine"], dtype=np.float64).reshape(2, 3)
    return transform(affine, ref_landmarks)


def choose_cases(errors: pd.DataFrame, num_cases: int) -> pd.DataFrame:
    """Choose half of the cases with the largest errors and half with the smallest.

    Args:
        errors: Columns identity, image and error.
        num_cases: How many in all, at most; no person is shown twice.

    Returns:
        Rows of `errors`, the largest error first.
    """
    ordered = errors.sort_values(["error", "identity", "image"], ascending=[False, True, True])
    worst = ordered.drop_duplicates("identity").head(num_cases // 2)
    others = ordered[~ordered["identity"].isin(worst["identity"])]
    best = others.drop_duplicates("identity", keep="last").tail(num_cases - len(worst))
    return pd.concat([worst, best])


def read_errors(shards: Sequence[Path]) -> pd.DataFrame:
    """Measure the first warped reference of every test image of one scale factor.

    Returns:
        Columns identity, image, scale_factor, error (see `landmark_error`), well_conditioned and
        lr_detected.

    Raises:
        IdfsrError: A file is missing or is not a shard, or there is no test image.
    """
    columns = [
        "identity", "image", "part", "scale_factor", "landmarks", "lr_detected", "references",
    ]  # fmt: skip
    rows = read_shard(shards, columns).to_pylist()
    known = {(row["identity"], row["image"]): _points(row["landmarks"]) for row in rows}
    errors = [
        {
            "identity": row["identity"],
            "image": row["image"],
            "scale_factor": row["scale_factor"],
            "error": landmark_error(
                _warped_landmarks(row, known[row["identity"], row["references"][0]["image"]]),
                _points(row["landmarks"]),
            ),
            "well_conditioned": row["references"][0]["well_conditioned"],
            "lr_detected": row["lr_detected"],
        }
        for row in rows
        if row["part"] == "test"
    ]
    if not errors:
        message = f"{shards[0]}: no image of the part test, wanted the shards of the test"
        raise IdfsrError(message)
    return pd.DataFrame(errors)


def read_cases(shards: Sequence[Path], num_cases: int) -> list[WarpCase]:
    """Read the cases of one scale factor, the largest error first.

    Args:
        shards: Test shards.
        num_cases: How many, at most.

    Raises:
        IdfsrError: See `read_errors`.
    """
    chosen = choose_cases(read_errors(shards), num_cases)
    return [
        _read_case(shards, case["identity"], case["image"], case["error"])
        for case in records(chosen)
    ]


def _read_case(shards: Sequence[Path], identity: str, image: str, error: float) -> WarpCase:
    rows = {row["image"]: row for row in read_shard(shards, identity=identity).to_pylist()}
    row = rows[image]
    reference = row["references"][0]
    ref_row = rows[reference["image"]]
    ref_landmarks = _points(ref_row["landmarks"])
    gt_image = decode(row["gt_image"])
    x0, y0, x1, y1 = row["mask_box"]
    return WarpCase(
        identity=identity,
        image=image,
        error=error,
        well_conditioned=reference["well_conditioned"],
        lr_detected=row["lr_detected"],
        ref_image=decode(ref_row["gt_image"]),
        ref_landmarks=ref_landmarks,
        warped_ref=decode(reference["warped_ref"]),
        warped_landmarks=_warped_landmarks(row, ref_landmarks),
        lr_image=enlarge(decode(row["lr_image"]), len(gt_image)),
        lr_landmarks=_points(row["lr_landmarks"]),
        mask_box=(x0, y0, x1, y1),
        gt_image=gt_image,
        landmarks=_points(row["landmarks"]),
    )


def draw_cases(cases: Sequence[WarpCase]) -> Figure:
    """Draw a column for each case: reference, warped reference, low resolution, ground truth."""
    num_worst = len(cases) // 2
    with figure_style():
        sheet = TileSheet(len(ROW_NAMES), len(cases), left=44, top=100)
        for first, last, text in (
            (0, num_worst - 1, "Largest errors"),
            (num_worst, len(cases) - 1, "Smallest errors"),
        ):
            if last >= first:
                sheet.name_columns(first, last, text)
        for row, name in enumerate(ROW_NAMES):
            sheet.name_row(row, name)
        for column, case in enumerate(cases):
            marks = ("" if case.well_conditioned else " *") + ("" if case.lr_detected else " †")
            sheet.name_column(
                column, f"{case.identity}/{case.image}\n{100 * case.error:.1f} %{marks}"
            )
            draw_landmarks(sheet.show(0, column, case.ref_image), case.ref_landmarks)
            draw_landmarks(sheet.show(1, column, case.warped_ref), case.warped_landmarks)
            axes = sheet.show(2, column, case.lr_image)
            draw_box(axes, case.mask_box)
            draw_landmarks(axes, case.lr_landmarks)
            draw_landmarks(sheet.show(3, column, case.gt_image), case.landmarks)
    return sheet.figure


def describe_cases(scale_factor: int) -> tuple[str, str]:
    """Return the title and the caption of the figure."""
    title = f"Warped references, {scale_label(scale_factor)}"
    caption = (
        "References warped onto low-resolution targets by five landmarks, which were found in the "
        "low-resolution image. Per cent: mean distance of the reference's landmarks after the "
        "warp from the true ones, over the distance between the eyes. The box is the masked face. "
        "* a similarity took the place of an ill-conditioned affine map; † the landmarks found lay "
        "outside the image, and the mean ones of FFHQ took their place."
    )
    return title, caption
