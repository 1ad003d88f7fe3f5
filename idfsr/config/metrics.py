"""Settings of the metrics."""

from typing import Annotated

from pydantic import Field

from idfsr.config.scores import Engine
from idfsr.config.types import Count, EachOnce, section


@section
class MetricsConfig:
    """Which metrics, and how they are aggregated."""

    table1: Annotated[tuple[str, ...], Field(min_length=1), EachOnce] = (
        "psnr", "psnr_y", "ssim", "ssim_y", "mobilenetv2_distance", "mobilenetv2_fd", "brisque",
        "ids_sface",
    )  # fmt: skip
    table2: Annotated[tuple[str, ...], Field(min_length=1), EachOnce] = (
        "idv_sface", "acc_gender_embedded", "acc_expression_embedded", "age_diff_embedded",
    )  # fmt: skip
    recognisers: Annotated[tuple[str, ...], EachOnce] = ("ids_sface",)
    """Distances to the person by several recognisers, of the table of judges."""
    idv_threshold: Annotated[float, Field(gt=0, lt=2)] = 0.637
    """Largest SFace cosine distance of one person: 1 - 0.363, the threshold of OpenCV's model
    card, which belongs to photographs."""
    enforce_detection: bool = False
    """DeepFace's option: whether a pair with an image in which it finds no face is left out of its
    metrics; otherwise the whole image is taken for the face. The paper does not say;
    docs/decisions/0019."""
    engine: Engine = "fast"
    """Who asks the networks of LPIPS, FID, CLIPIQA, MUSIQ and DeepFace: `fast` in batches, or
    `library`, the packages' own calls, image by image on the CPU. The values are the same."""
    num_bootstrap: Count = 2000
    """Resamples of the identities behind a 95 % interval."""


@section
class TablesStage:
    """What the tables are given."""

    metrics: MetricsConfig
    methods: tuple[str, ...]


def names_of_metrics(metrics: MetricsConfig) -> tuple[str, ...]:
    """Return the metrics of both tables and the distances of the recognisers, each once."""
    return tuple(dict.fromkeys((*metrics.table1, *metrics.table2, *metrics.recognisers)))
