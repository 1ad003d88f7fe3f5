"""The metrics of the tables: what each is called, which way it is better, and what it needs.

Light to import, for the report and the workflow: the functions are in the files beside this one,
and `idfsr.metrics.engine.scorers` is what knows them. The metrics of the embedded default have names of
their own, for they are not the paper's (see docs/metrics.md).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from idfsr.errors import IdfsrError


@dataclass(frozen=True)
class Metric:
    """One metric of a restored image against its ground truth."""

    name: str
    """In the settings and the columns of the tables."""
    title: str
    """In the heads of printed tables."""
    unit: str
    """Empty where the value is a pure number; "share" is a mean of zeros and ones."""
    decimals: int
    """Digits printed after the point."""
    direction: Literal["higher", "lower"]
    """Which is better."""
    value_range: tuple[float, float]
    """What values are possible, both ends included."""
    kind: Literal["pair", "image", "set"]
    """Of ground truth and restored image, of the restored image alone, or of all pairs at once."""
    scorer: str
    """What computes it, or its features: a key of `idfsr.metrics.engine.scorers.PAIR_SCORERS` or of
    `idfsr.metrics.engine.comparisons.COMPARISONS`."""
    weights: str = ""
    """An asset as "assets.<key of idfsr.io.assets.ASSETS>", a setting as "weights.<field>", or a
    published file as "published.<key of config/weights.yaml>"."""
    details: tuple[str, ...] = ()
    """Further columns of the table with a row an image, which say how the value came about."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the table with a row an image; a metric of a set has none."""
        return () if self.kind == "set" else (self.name, *self.details)


NUM_FACES: Final = ("gt_num_faces", "sr_num_faces", "face_note")
"""Columns that say what DeepFace's detector found in both images."""

_POSITIVE: Final = (0.0, math.inf)
_REAL: Final = (-math.inf, math.inf)
_SHARE: Final = (0.0, 1.0)


def _seen(attribute: str) -> tuple[str, str]:
    return f"gt_{attribute}", f"sr_{attribute}"


_IN_ORDER: Final = (
    Metric("psnr", "PSNR", "dB", 2, "higher", _POSITIVE, "pair", "psnr"),
    Metric("psnr_y", "PSNR (Y)", "dB", 2, "higher", _POSITIVE, "pair", "psnr"),
    Metric("ssim", "SSIM", "", 4, "higher", (-1.0, 1.0), "pair", "ssim"),
    Metric("ssim_y", "SSIM (Y)", "", 4, "higher", (-1.0, 1.0), "pair", "ssim"),
    Metric("lpips", "LPIPS", "", 4, "lower", _POSITIVE, "pair", "lpips", "published.alexnet"),
    Metric("fid", "FID", "", 2, "lower", _POSITIVE, "set", "inception", "published.inception"),
    Metric("kid", "KID", "", 4, "lower", _REAL, "set", "inception", "published.inception"),
    Metric(
        "clipiqa", "CLIPIQA", "", 4, "higher", _SHARE, "image", "clipiqa", "published.clip_rn50"
    ),
    Metric("musiq", "MUSIQ", "", 2, "higher", _REAL, "image", "musiq", "published.musiq"),
    Metric(
        "mobilenetv2_distance", "MobileNetV2 distance", "", 4, "lower", (0.0, 4.0), "pair",
        "mobilenetv2", "assets.mobilenetv2",
    ),
    Metric(
        "mobilenetv2_fd", "MobileNetV2 Frechet distance", "", 2, "lower", _POSITIVE, "set",
        "mobilenetv2", "assets.mobilenetv2",
    ),
    Metric("brisque", "BRISQUE", "", 2, "lower", _REAL, "image", "brisque", "assets.brisque"),
    Metric(
        "ids", "IDS", "", 4, "lower", (0.0, 2.0), "pair", "vgg_face", "published.vgg_face",
        NUM_FACES,
    ),
    Metric(
        "ids_sface", "IDS (SFace)", "", 4, "lower", (0.0, 2.0), "pair", "sface", "assets.sface"
    ),
    Metric(
        "idv", "IDV", "share", 3, "higher", _SHARE, "pair", "vgg_face", "published.vgg_face",
        NUM_FACES,
    ),
    Metric(
        "acc_gender", "Gender", "share", 3, "higher", _SHARE, "pair", "deepface_gender",
        "published.deepface_gender", (*_seen("gender"), *NUM_FACES),
    ),
    Metric(
        "acc_emotion", "Emotion", "share", 3, "higher", _SHARE, "pair", "deepface_emotion",
        "published.deepface_emotion", (*_seen("emotion"), *NUM_FACES),
    ),
    Metric(
        "acc_race", "Race", "share", 3, "higher", _SHARE, "pair", "deepface_race",
        "published.deepface_race", (*_seen("race"), *NUM_FACES),
    ),
    Metric(
        "age_diff", "Age difference", "years", 2, "lower", _POSITIVE, "pair", "deepface_age",
        "published.deepface_age", (*_seen("age"), *NUM_FACES),
    ),
    Metric(
        "idv_sface", "IDV (SFace)", "share", 3, "higher", _SHARE, "pair", "sface", "assets.sface"
    ),
    Metric(
        "acc_gender_embedded", "Same gender", "share", 3, "higher", _SHARE, "pair", "attributes",
        "weights.attributes", _seen("gender_embedded"),
    ),
    Metric(
        "acc_expression_embedded", "Same expression", "share", 3, "higher", _SHARE, "pair",
        "attributes", "weights.attributes", _seen("expression_embedded"),
    ),
    Metric(
        "acc_race_embedded", "Same race", "share", 3, "higher", _SHARE, "pair", "attributes",
        "weights.attributes", _seen("race_embedded"),
    ),
    Metric(
        "age_diff_embedded", "Age difference (embedded)", "years", 2, "lower", _POSITIVE, "pair",
        "attributes", "weights.attributes", _seen("age_embedded"),
    ),
)  # fmt: skip

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
