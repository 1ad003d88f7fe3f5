"""The small ID encoder, which gives z_id in the embedded default."""

from typing import Final

from idfsr.training.networks import Network

LOGIT_SCALE: Final = 32.0
"""s. The paper has 64 for 85,000 identities; wanted is more than the logarithm of their number."""
MARGIN: Final = 0.3
"""m in radians, at the end of the ramp; the paper has 0.5."""

NETWORK = Network(
    title="ArcFace, small",
    reads="crops",
    objective=f"ArcFace, s = {LOGIT_SCALE:g}, m = {MARGIN:g}",
    limits=(
        "Not a recogniser of real people: it has seen rendered faces only.",
        "Not the judge of identity in the tables, which is another network on other data.",
        "Not fit for any decision about a person.",
    ),
    embedded="arcface.safetensors",
)
