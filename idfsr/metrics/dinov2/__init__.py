"""DINOv2-FD, the Frechet distance on the features of DINOv2 (Stein et al. 2023)."""

from functools import partial

from idfsr.metrics.engine.metric import POSITIVE, Family, Metric, OfImages, Resources


def load(resources: Resources) -> OfImages:
    """Load the network."""
    from idfsr.metrics.dinov2.network import dinov2_features, load_dinov2
    from idfsr.metrics.engine.frechet import frechet_distance
    from idfsr.metrics.engine.set_distance import set_distance

    network = load_dinov2(resources.weights_dir, resources.device)
    return set_distance("dinov2_fd", partial(dinov2_features, network), frechet_distance)


FAMILY = Family(
    metrics=(
        Metric(
            name="dinov2_fd",
            title="DINOv2-FD",
            unit="",
            decimals=2,
            direction="lower",
            value_range=POSITIVE,
            kind="set",
            note=(
                "DINOv2-FD: the Frechet distance of all restored images and all ground truths on "
                "the 1024 features of DINOv2's ViT-L/14."
            ),
            stable_images=1024,  # with fewer images the covariances of its features are singular
        ),
    ),
    load=load,
    of_truth=True,
    weights="published.dinov2_vitl14",
)
