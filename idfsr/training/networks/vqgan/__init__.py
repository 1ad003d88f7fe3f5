"""The codebook that CodeFormer begins with."""

from idfsr.training.networks import SMALLER, Network

NETWORK = Network(
    title="CodeFormer's codebook at 64 px",
    reads="faces",
    objective="mean absolute error, and squared distances of grid and codes",
    limits=SMALLER,
)
