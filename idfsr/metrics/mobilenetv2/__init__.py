"""A perceptual and a Frechet distance on the features of MobileNetV2, whose weights are free."""

from idfsr.metrics.engine.metric import (
    GT_SET,
    POSITIVE,
    SR_SET,
    Columns,
    Family,
    Metric,
    OfPairs,
    Pairs,
    Resources,
)


def load(resources: Resources) -> OfPairs:
    """Load the network. It sees both images of a pair, for its features are too large to keep."""
    from idfsr.metrics.engine.frechet import frechet_distance
    from idfsr.metrics.engine.unit_range import to_unit
    from idfsr.metrics.mobilenetv2.network import load_mobilenetv2, perceptual_distance

    network = load_mobilenetv2(resources.assets_dir, resources.device)

    def score(pairs: Pairs) -> Columns:
        sr, gt = (
            network(to_unit(batch.image).to(resources.device)) for batch in (pairs.sr, pairs.gt)
        )
        return {
            "mobilenetv2_distance": perceptual_distance(sr, gt).cpu().numpy(),
            SR_SET: sr.pooled.cpu().numpy(),
            GT_SET: gt.pooled.cpu().numpy(),
        }

    return OfPairs(score, {"mobilenetv2_fd": frechet_distance})


FAMILY = Family(
    metrics=(
        Metric(
            name="mobilenetv2_distance",
            title="MobileNetV2 distance",
            unit="",
            decimals=4,
            direction="lower",
            value_range=(0.0, 4.0),
            kind="pair",
            note=(
                "MobileNetV2 distance: built like LPIPS on ImageNet features of MobileNetV2, all "
                "weights 1. It stands where the paper has LPIPS and is not LPIPS."
            ),
        ),
        Metric(
            name="mobilenetv2_fd",
            title="MobileNetV2 Frechet distance",
            unit="",
            decimals=2,
            direction="lower",
            value_range=POSITIVE,
            kind="set",
            note=(
                "MobileNetV2 Frechet distance: of the features of all restored images and all "
                "ground truths, so it grows as images get fewer. It stands where the paper has "
                "FID and is not FID."
            ),
        ),
    ),
    load=load,
    weights="assets.mobilenetv2",
)
