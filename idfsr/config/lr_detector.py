"""Settings of the face detector on low-resolution images."""

from typing import Annotated

from pydantic import Field

from idfsr.config.types import Count, Positive, section


@section
class LrDetectorConfig:
    """RetinaFace fine-tuned on degraded faces. The paper does not say how; docs/decisions/0018."""

    image_size: Annotated[int, Field(ge=64, le=512, multiple_of=32)] = 128
    """Side to which a low-resolution face is brought before it is searched, in pixels."""
    num_steps: Annotated[int, Field(ge=0)] = 50
    batch_size: Count = 16
    learning_rate: Positive = 1e-3
    max_images: Count = 2000
    """Pretraining images used, drawn with the seed."""
