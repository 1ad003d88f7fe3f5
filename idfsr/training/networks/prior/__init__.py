"""The unconditional prior that DifFace, PGDiff and DR2 share in the embedded default."""

from idfsr.training.networks import SMALLER, Network

NETWORK = Network(
    title="Unconditional prior of DifFace, PGDiff and DR2 at 64 px",
    reads="faces",
    objective="squared error of eps, and the variational bound for the variance",
    limits=SMALLER,
    embedded="members/prior.safetensors",
)
