"""The enhancer that sharpens what DR2 leaves, small."""

from idfsr.training.networks import SMALLER, Network

NETWORK = Network(
    title="DR2's enhancer at 64 px",
    reads="faces",
    objective="mean absolute error, from faces as the prior sees them through noise",
    limits=SMALLER,
    embedded="members/dr2_enhancer.safetensors",
    first="prior",
)
