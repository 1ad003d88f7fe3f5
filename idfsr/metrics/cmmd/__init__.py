"""CMMD, the kernel distance on the embeddings of CLIP (Jayasumana et al. 2024)."""

from functools import partial

from idfsr.metrics.engine.metric import REAL, Family, Metric, OfImages, Resources


def load(resources: Resources) -> OfImages:
    """Load the network."""
    from idfsr.metrics.cmmd.network import clip_embeddings, cmmd, load_clip
    from idfsr.metrics.engine.set_distance import set_distance

    network = load_clip(resources.weights_dir, resources.device)
    return set_distance("cmmd", partial(clip_embeddings, network), cmmd)


FAMILY = Family(
    metrics=(
        Metric(
            name="cmmd",
            title="CMMD",
            unit="",
            decimals=3,
            direction="lower",
            value_range=REAL,
            kind="set",
            note=(
                "CMMD: 1000 times the squared maximum mean discrepancy on CLIP's ViT-L/14 "
                "embeddings at 336 px, a Gaussian kernel of sigma 10, the unbiased estimate over "
                "all images at once: its expectation does not depend on their number."
            ),
        ),
    ),
    load=load,
    of_truth=True,
    weights="published.clip_vitl14_336",
)
