"""The small network that finds 68 landmarks in aligned faces."""

from idfsr.training.networks import Network

NETWORK = Network(
    title="68 landmarks, small",
    reads="marked_faces",
    objective="mean absolute error of the places",
    limits=(
        "Not a detector of faces: it takes every image for an aligned face.",
        "Not for photographs: it has seen rendered faces only.",
        "Not FAN, with which ASFFNet and DMDNet were made; its jaw is fixed to the skin.",
    ),
    embedded="landmarks68.safetensors",
)
