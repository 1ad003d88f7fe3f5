"""Identity distance with AdaFace, a recogniser made for poor images (Kim et al. 2022)."""

from idfsr.metrics.engine.metric import Resources
from idfsr.metrics.engine.recogniser import Embed, recogniser_family


def load(resources: Resources) -> Embed:
    """Load the network."""
    from idfsr.metrics.adaface.network import load_adaface

    return load_adaface(resources.weights_dir, resources.device).embed


FAMILY = recogniser_family(
    "ids_adaface",
    title="IDS (AdaFace)",
    note=(
        "IDS (AdaFace): the cosine distance of the aligned faces of restored image and ground "
        "truth in AdaFace, the network of 101 layers that CVLface trained on WebFace12M."
    ),
    load=load,
    weights="published.adaface_ir101",
)
