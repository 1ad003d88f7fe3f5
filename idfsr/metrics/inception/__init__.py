"""FID and KID, distances of two sets of images on the features of InceptionV3."""

from idfsr.config.scores import EngineStage
from idfsr.metrics.engine.metric import (
    GT_SET,
    POSITIVE,
    REAL,
    SR_SET,
    Columns,
    Family,
    Features,
    ImageBatch,
    Metric,
    OfImages,
    OfPairs,
    Resources,
)


def load(resources: Resources) -> OfImages:
    """Load the network."""
    from idfsr.metrics.engine.frechet import frechet_distance
    from idfsr.metrics.engine.unit_range import to_unit
    from idfsr.metrics.inception.kid import kernel_distance
    from idfsr.metrics.inception.network import inception_features, load_inception

    network = load_inception(resources.weights_dir, resources.device)

    def extract(batch: ImageBatch) -> Features:
        features = inception_features(network, to_unit(batch.image))
        return {"features": features.float().cpu().numpy()}  # the precision that the network has

    def compare(sr: Features, gt: Features) -> Columns:
        return {SR_SET: sr["features"], GT_SET: gt["features"]}

    return OfImages(extract, compare, {"fid": frechet_distance, "kid": kernel_distance})


def load_library(resources: Resources) -> OfPairs:
    """Load pytorch-fid's own network."""
    from idfsr.metrics.inception.own_call import load_own

    return load_own(resources)


FAMILY = Family(
    metrics=(
        Metric(
            name="fid",
            title="FID",
            unit="",
            decimals=2,
            direction="lower",
            value_range=POSITIVE,
            kind="set",
            note=(
                "FID: of pytorch-fid's 2048 Inception features of all restored images and all "
                "ground truths."
            ),
            stable_images=2048,  # with fewer images the covariances of its features are singular
        ),
        Metric(
            name="kid",
            title="KID",
            unit="",
            decimals=4,
            direction="lower",
            value_range=REAL,
            kind="set",
            note=(
                "KID: of the same features, the unbiased estimate with a cubic kernel over all "
                "images at once. Unlike FID, its expectation does not depend on their number."
            ),
        ),
    ),
    load=load,
    of_truth=True,
    weights="published.inception",
    settings=EngineStage,
    by_package=load_library,
)
