"""The restorer that guides PGDiff, small."""

from idfsr.training.networks import SMALLER, Network

NETWORK = Network(
    title="PGDiff's restorer at 64 px",
    reads="faces",
    objective="squared error, t uniform",
    limits=SMALLER,
    embedded="members/pgdiff_restorer.safetensors",
)
