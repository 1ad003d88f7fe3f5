"""CodeFormer, small."""

from idfsr.training.networks import SMALLER, Network

NETWORK = Network(
    title="CodeFormer at 64 px",
    reads="faces",
    objective="cross-entropy of the codes, squared distance to them, mean absolute error at w = 1",
    limits=SMALLER,
    embedded="members/codeformer.safetensors",
    first="vqgan",
    continues=True,
)
