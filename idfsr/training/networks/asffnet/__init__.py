"""ASFFNet, small."""

from idfsr.training.networks import SMALLER, Network

NETWORK = Network(
    title="ASFFNet at 64 px",
    reads="faces",
    objective="mean absolute error",
    limits=SMALLER,
    embedded="members/asffnet.safetensors",
    first="landmarks68",
)
