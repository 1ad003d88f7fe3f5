"""The estimator that DifFace begins with, small."""

from idfsr.training.networks import SMALLER, Network

NETWORK = Network(
    title="DifFace's estimator at 64 px",
    reads="faces",
    objective="mean absolute error",
    limits=SMALLER,
    embedded="members/difface_swinir.safetensors",
)
