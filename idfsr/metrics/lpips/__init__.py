"""LPIPS, the perceptual distance of Zhang et al. (2018)."""

from idfsr.config.scores import EngineStage
from idfsr.metrics.engine.metric import POSITIVE, Columns, Family, Metric, OfPairs, Pairs, Resources


def load(resources: Resources) -> OfPairs:
    """Load the network."""
    from idfsr.metrics.engine.unit_range import to_unit
    from idfsr.metrics.lpips.network import load_lpips, lpips_distance

    network = load_lpips(resources.weights_dir, resources.device)

    def score(pairs: Pairs) -> Columns:
        distance = lpips_distance(network, to_unit(pairs.sr.image), to_unit(pairs.gt.image))
        return {"lpips": distance.cpu().numpy()}

    return OfPairs(score)


def load_library(resources: Resources) -> OfPairs:
    """Load the package's own metric."""
    from idfsr.metrics.lpips.own_call import load_own

    return load_own(resources)


FAMILY = Family(
    metrics=(
        Metric(
            name="lpips",
            title="LPIPS",
            unit="",
            decimals=4,
            direction="lower",
            value_range=POSITIVE,
            kind="pair",
            note=(
                "LPIPS: Zhang et al. (2018), version 0.1 with AlexNet, of the package lpips, on "
                "RGB."
            ),
        ),
    ),
    load=load,
    weights="published.alexnet",
    settings=EngineStage,
    by_package=load_library,
)
