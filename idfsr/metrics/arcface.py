"""Identity distance with ArcFace, the very network that z_id comes from (Deng et al. 2019).

It is no judge of IDFSR, which is given what it says; it stands beside the others to show how much
better a method looks to the network that it was made with.
"""

from idfsr.errors import IdfsrError
from idfsr.metrics.engine.metric import Resources
from idfsr.metrics.engine.recogniser import Embed, recogniser_family


def load(resources: Resources) -> Embed:
    """Load the network."""
    from idfsr.models.id_encoder import load_id_encoder

    if resources.id_encoder is None:
        message = "--id-encoder: found none, wanted the weights of the ID encoder"
        raise IdfsrError(message)
    return load_id_encoder(resources.id_encoder, resources.device).embed


FAMILY = recogniser_family(
    "ids_arcface",
    title="IDS (ArcFace)",
    note=(
        "IDS (ArcFace): the cosine distance of the aligned faces of restored image and ground "
        "truth in the recogniser that z_id comes from (weights.id_encoder)."
    ),
    load=load,
    weights="weights.id_encoder",
)
