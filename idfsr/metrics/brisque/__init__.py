"""BRISQUE, an image quality score without a reference (Mittal, Moorthy and Bovik 2012)."""

from idfsr.metrics.engine.metric import REAL, Family, Metric, OfImages, Resources


def load(resources: Resources) -> OfImages:
    """Load the regression."""
    from idfsr.metrics.brisque.regression import brisque, load_brisque
    from idfsr.metrics.engine.image_score import image_score

    model = load_brisque(resources.assets_dir)
    return image_score("brisque", lambda images: brisque(images, model))


FAMILY = Family(
    metrics=(
        Metric(
            name="brisque",
            title="BRISQUE",
            unit="",
            decimals=2,
            direction="lower",
            value_range=REAL,
            kind="image",
            note=(
                "BRISQUE: a score without a reference, fitted to people's ratings of photographs "
                "(Mittal et al. 2012). It stands where the paper has CLIPIQA and MUSIQ."
            ),
        ),
    ),
    load=load,
    weights="assets.brisque",
)
