"""The small network for age, gender and expression."""

from idfsr.training.networks import Network

NETWORK = Network(
    title="Age, gender and expression, small",
    reads="crops",
    objective="smooth L1 on the standardised age, cross-entropy on the others, summed",
    limits=(
        "Not a judge of real people: it has seen rendered faces only.",
        "Not DeepFace's analysis, which IDFSR uses; figures of the two do not compare.",
        "Not fit for any decision about a person.",
    ),
    embedded="attributes.safetensors",
)
