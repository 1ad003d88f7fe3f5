"""What a metric declares in its file, and how its family is computed.

Light to import: the report and the workflow read the facts, and only the job that computes a family
calls its `load`, which imports torch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from jaxtyping import UInt8

from idfsr.config.scores import ScoresStage
from idfsr.metrics.engine.torch_types import Device, Tensor

PREFIX: Final = "pyiqa:"
FAMILY_PREFIX: Final = "pyiqa-"
"""Of the names of pyiqa's metrics, and of their families, which are parts of paths."""

POSITIVE: Final = (0.0, math.inf)
REAL: Final = (-math.inf, math.inf)
SHARE: Final = (0.0, 1.0)
"""Ranges of values, both ends included."""

MIN_IMAGES: Final = 2
"""Of a metric of a set: one image has no covariance."""

SR_SET: Final = "sr_set"
GT_SET: Final = "gt_set"
"""Columns with the features of which metrics of the whole set are made, a row an image."""

EMBEDDING: Final = "embedding"
REFERENCES: Final = "references"
"""Features of a recogniser: of each face; and of each ground truth those of the references of its
image, one after the other."""

Columns = dict[str, np.ndarray]
"""An array for each column of a table, a row an image."""

Features = dict[str, np.ndarray]
"""What a network says of images: an array a name, an image a row. Where the images differ in
length, the array holds an array for each."""

SetDistance = Callable[[Tensor, Tensor], float]
"""Of the features of all restored images and of all ground truths."""


@dataclass(frozen=True)
class Metric:
    """The facts of one metric."""

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
    note: str | Callable[[Any], str]
    """Its footnote under the tables; where that depends on a setting, a function of the run's
    `idfsr.config.metrics.MetricsConfig`."""
    details: tuple[str, ...] = ()
    """Further columns of the table with a row an image, which say how the value came about."""
    spread: bool = False
    """Whether the tables give the standard deviation over images too, as the paper does."""
    stable_images: int = 0
    """Images below which the value of a set is biased, which a footnote then says; 0 if never."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the table with a row an image; a metric of a set has none."""
        return () if self.kind == "set" else (self.name, *self.details)


@dataclass(frozen=True, eq=False)
class ImageBatch:
    """Images of one kind, restored or ground truth."""

    image: UInt8[np.ndarray, "B H W 3"]
    crop: UInt8[np.ndarray, "B 112 112 3"]
    """Their faces, aligned to the ArcFace template."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """A batch of restored images and of their ground truths: row i of both belongs together."""

    sr: ImageBatch
    """Cropped by the landmarks of the ground truth, so that no detector can fail on it."""
    gt: ImageBatch


@dataclass(frozen=True)
class Resources:
    """What a family is loaded from."""

    assets_dir: Path
    """Folder of the asset packages."""
    weights_dir: Path
    """Folder of the published weights."""
    attributes: Path | None
    """Weights of the embedded attribute network; None where the family is another."""
    device: Device
    settings: Any
    """Of the family, an instance of `Family.settings`."""
    id_encoder: Path | None = None
    """Weights of the recogniser that z_id comes from; None where the family is another."""


@dataclass(frozen=True)
class OfPairs:
    """Computes a family by a look at both images of a pair at once."""

    score: Callable[[Pairs], Columns]
    """Fills the family's columns; with metrics of the set, `SR_SET` and `GT_SET` too."""
    of_set: dict[str, SetDistance] = field(default_factory=dict)
    """Metric of kind "set" to its function."""


@dataclass(frozen=True)
class OfImages:
    """Computes a family from what a network says of each image by itself."""

    extract: Callable[[ImageBatch], Features]
    compare: Callable[[Features, Features], Columns]
    """Fills the columns, as `OfPairs.score`, from what the network said of the restored images and
    of their ground truths; the latter is empty unless `Family.of_truth`."""
    of_set: dict[str, SetDistance] = field(default_factory=dict)
    """Metric of kind "set" to its function."""


@dataclass(frozen=True)
class Family:
    """The metrics that are computed together: one file of this package, which has one network."""

    metrics: tuple[Metric, ...]
    load: Callable[[Resources], OfPairs | OfImages]
    """Loads what computes them."""
    of_truth: bool = False
    """Whether the network is asked of the ground truth by itself: once for all methods."""
    of_faces: bool = False
    """Whether it looks at the aligned faces; others leave `ImageBatch.crop` alone."""
    of_references: bool = False
    """Whether it is then asked of the reference photographs too; it is a recogniser."""
    weights: str = ""
    """An asset as "assets.<key of idfsr.io.assets.ASSETS>", a setting as "weights.<field>", or a
    published file as "published.<key of config/weights.yaml>"."""
    settings: type[Any] = ScoresStage
    """The stage's settings, of `idfsr.config.scores`."""
    by_package: Callable[[Resources], OfPairs] | None = None
    """Loads what computes the same by a package's own calls, image by image; the settings then have
    an `engine`. None where no package has such a call."""

    def by_engine(self, settings: Any) -> "Family":
        """Return the family as the engine of the settings computes it.

        Args:
            settings: With the field `engine`, where the family has a library.
        """
        if self.by_package is None or settings.engine == "fast":
            return self
        return replace(self, load=self.by_package, of_truth=False)


def likeness_columns(metric: str) -> tuple[str, str]:
    """Return the columns beside an identity distance: likeness of restored image and ground truth.

    Both are cosines with the nearest reference of the image.

    Args:
        metric: The distance, e.g. "ids_sface".
    """
    recogniser = metric.removeprefix("ids_")
    return f"like_reference_{recogniser}", f"like_photographs_{recogniser}"
