"""The metrics of the tables: what each is called, which way it is better, and what it needs.

Light to import, for the report and the workflow: the functions are in the files beside this one,
and `idfsr.metrics.scorers` is what knows them. Each metric has a name of its own: these are the
metrics of the embedded default, not LPIPS, FID or DeepFace's (see docs/metrics.md).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from idfsr.errors import IdfsrError


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of a restored image against its ground truth."""

    name: str
    """In the settings and the columns of the tables."""
    title: str
    """In the heads of printed tables."""
    unit: str
    """Empty where the value is a pure number; "share" is a mean of zeros and ones."""
    direction: Literal["higher", "lower"]
    """Which is better."""
    value_range: tuple[float, float]
    """What values are possible, both ends included."""
    kind: Literal["pair", "image", "set"]
    """Of ground truth and restored image, of the restored image alone, or of all pairs at once."""
    scorer: str
    """Key of `idfsr.metrics.scorers.SCORERS`: what computes it, or its features."""
    weights: str = ""
    """An asset as "assets.<key of idfsr.assets.ASSETS>", or a setting as "weights.<field>"."""
    columns: tuple[str, ...] = ()
    """Of the table with a row an image. The first is averaged; the others say how it came about.
    A metric of a set has none."""
    decimals: int
    """Digits printed after the point."""


def _agreement(name: str, title: str, attribute: str) -> Metric:
    return Metric(
        name=name,
        title=title,
        unit="share",
        direction="higher",
        value_range=(0.0, 1.0),
        kind="pair",
        scorer="attributes",
        weights="weights.attributes",
        columns=(name, f"gt_{attribute}_embedded", f"sr_{attribute}_embedded"),
        decimals=3,
    )


_IN_ORDER: Final = (
    Metric(
        name="psnr",
        title="PSNR",
        unit="dB",
        direction="higher",
        value_range=(0.0, math.inf),
        kind="pair",
        scorer="psnr",
        columns=("psnr",),
        decimals=2,
    ),
    Metric(
        name="psnr_y",
        title="PSNR (Y)",
        unit="dB",
        direction="higher",
        value_range=(0.0, math.inf),
        kind="pair",
        scorer="psnr",
        columns=("psnr_y",),
        decimals=2,
    ),
    Metric(
        name="ssim",
        title="SSIM",
        unit="",
        direction="higher",
        value_range=(-1.0, 1.0),
        kind="pair",
        scorer="ssim",
        columns=("ssim",),
        decimals=4,
    ),
    Metric(
        name="ssim_y",
        title="SSIM (Y)",
        unit="",
        direction="higher",
        value_range=(-1.0, 1.0),
        kind="pair",
        scorer="ssim",
        columns=("ssim_y",),
        decimals=4,
    ),
    Metric(
        name="mobilenetv2_distance",
        title="MobileNetV2 distance",
        unit="",
        direction="lower",
        value_range=(0.0, 4.0),
        kind="pair",
        scorer="mobilenetv2",
        weights="assets.mobilenetv2",
        columns=("mobilenetv2_distance",),
        decimals=4,
    ),
    Metric(
        name="mobilenetv2_fd",
        title="MobileNetV2 Frechet distance",
        unit="",
        direction="lower",
        value_range=(0.0, math.inf),
        kind="set",
        scorer="mobilenetv2",
        weights="assets.mobilenetv2",
        decimals=2,
    ),
    Metric(
        name="brisque",
        title="BRISQUE",
        unit="",
        direction="lower",
        value_range=(-math.inf, math.inf),
        kind="image",
        scorer="brisque",
        weights="assets.brisque",
        columns=("brisque",),
        decimals=2,
    ),
    Metric(
        name="ids_sface",
        title="IDS (SFace)",
        unit="",
        direction="lower",
        value_range=(0.0, 2.0),
        kind="pair",
        scorer="ids",
        weights="assets.sface",
        columns=("ids_sface",),
        decimals=4,
    ),
    Metric(
        name="idv_sface",
        title="IDV (SFace)",
        unit="share",
        direction="higher",
        value_range=(0.0, 1.0),
        kind="pair",
        scorer="ids",
        weights="assets.sface",
        columns=("idv_sface",),
        decimals=3,
    ),
    _agreement("acc_gender_embedded", "Same gender", "gender"),
    _agreement("acc_expression_embedded", "Same expression", "expression"),
    _agreement("acc_race_embedded", "Same race", "race"),
    Metric(
        name="age_diff_embedded",
        title="Age difference",
        unit="years",
        direction="lower",
        value_range=(0.0, math.inf),
        kind="pair",
        scorer="attributes",
        weights="weights.attributes",
        columns=("age_diff_embedded", "gt_age_embedded", "sr_age_embedded"),
        decimals=2,
    ),
)

METRICS: Final[dict[str, Metric]] = {metric.name: metric for metric in _IN_ORDER}
"""Name to metric, in the order of the tables' columns."""


def find_metrics(names: Iterable[str]) -> list[Metric]:
    """Return the metrics of these names, in the order of the registry, each once.

    Raises:
        IdfsrError: A name is not a metric's.
    """
    wanted = set(names)
    unknown = sorted(wanted - set(METRICS))
    if unknown:
        message = f"metrics: found {', '.join(unknown)}, wanted some of {', '.join(METRICS)}"
        raise IdfsrError(message)
    return [metric for metric in _IN_ORDER if metric.name in wanted]
