"""CLIP-IQA, an image quality score without a reference (Wang, Chan and Loy 2023)."""

from functools import partial

from idfsr.config.scores import EngineStage
from idfsr.metrics.engine.metric import SHARE, Family, Metric, OfImages, OfPairs, Resources


def load(resources: Resources) -> OfImages:
    """Load the network."""
    from idfsr.metrics.clipiqa.network import clipiqa, load_clipiqa
    from idfsr.metrics.engine.image_score import image_score

    network = load_clipiqa(resources.weights_dir, resources.device)
    return image_score("clipiqa", partial(clipiqa, network))


def load_library(resources: Resources) -> OfPairs:
    """Load pyiqa's own metric."""
    from idfsr.metrics.clipiqa.network import WEIGHTS
    from idfsr.metrics.engine.pyiqa_metric import load_own

    return load_own("clipiqa", WEIGHTS, "backbone", resources)


FAMILY = Family(
    metrics=(
        Metric(
            name="clipiqa",
            title="CLIPIQA",
            unit="",
            decimals=4,
            direction="higher",
            value_range=SHARE,
            kind="image",
            note=(
                "CLIPIQA: pyiqa's, CLIP with ResNet-50, the mean over five pairs of prompts, "
                "images as they are."
            ),
        ),
    ),
    load=load,
    weights="published.clip_rn50",
    settings=EngineStage,
    by_package=load_library,
)
