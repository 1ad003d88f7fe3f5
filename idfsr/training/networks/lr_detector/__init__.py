"""RetinaFace for low-resolution faces, which every run fine-tunes."""

from idfsr.config.lr_detector import LrDetectorStage
from idfsr.training.networks import Network

NETWORK = Network(
    title="RetinaFace for low-resolution faces",
    reads="photographs",
    objective="RetinaFace's for boxes, classes and landmarks",
    limits=(
        "Not a detector for photographs: it searches crops in which a face is known to be.",
        "Not measured against drawn landmarks, but against the stock detector at full size.",
    ),
    embedded="lr_retinaface.safetensors",
    stage=LrDetectorStage,
    tabulated=True,
)
