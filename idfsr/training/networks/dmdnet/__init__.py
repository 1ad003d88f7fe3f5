"""DMDNet, small."""

from idfsr.training.networks import SMALLER, Network

NETWORK = Network(
    title="DMDNet at 64 px",
    reads="faces",
    objective="mean absolute error, with references and without",
    limits=SMALLER,
    embedded="members/dmdnet.safetensors",
    first="landmarks68",
)
