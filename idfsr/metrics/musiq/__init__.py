"""MUSIQ, an image quality score without a reference (Ke et al. 2021)."""

from functools import partial

from idfsr.config.scores import EngineStage
from idfsr.metrics.engine.metric import REAL, Family, Metric, OfImages, OfPairs, Resources


def load(resources: Resources) -> OfImages:
    """Load the network."""
    from idfsr.metrics.engine.image_score import image_score
    from idfsr.metrics.musiq.network import load_musiq, musiq

    network = load_musiq(resources.weights_dir, resources.device)
    return image_score("musiq", partial(musiq, network))


def load_library(resources: Resources) -> OfPairs:
    """Load pyiqa's own metric."""
    from idfsr.metrics.engine.pyiqa_metric import load_own
    from idfsr.metrics.musiq.network import WEIGHTS

    return load_own("musiq", WEIGHTS, "pretrained_model_path", resources)


FAMILY = Family(
    metrics=(
        Metric(
            name="musiq",
            title="MUSIQ",
            unit="",
            decimals=2,
            direction="higher",
            value_range=REAL,
            kind="image",
            note="MUSIQ: pyiqa's, trained on KonIQ-10k, about 0 to 100.",
        ),
    ),
    load=load,
    weights="published.musiq",
    settings=EngineStage,
    by_package=load_library,
)
