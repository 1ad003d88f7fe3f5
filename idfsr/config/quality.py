"""Settings of the choice of images."""

from typing import Annotated

from pydantic import Field

from idfsr.config.types import Count, CountOrNone, Fraction, section


@section
class QualityConfig:
    """Why an image is left out.

    The paper does not say, but for "quality filtering"; docs/decisions/0016.
    """

    min_size: Count = 64
    """Shorter side in pixels."""
    min_sharpness: Annotated[float, Field(ge=0, le=1e6)] = 20.0
    """Variance of the Laplacian of the grey image at the detector's size, grey levels squared."""
    min_score: Fraction = 0.8
    """Detection score of the face."""
    max_num_faces: CountOrNone = 0
    """More faces than this leave the image out; 0 takes the largest of any number."""
    max_yaw: Annotated[float, Field(gt=0, le=90)] = 60.0
    """Degrees, estimated from the five landmarks."""
    min_likeness: Annotated[float, Field(ge=-1, le=1)] = 0.3
    """Cosine of a face's z_id to the mean of the person's others; below it the face is probably
    another person's, and the image is listed in the log. docs/decisions/0024."""
    leave_out_strangers: bool = False
    """Leave such images out."""


@section
class QualityStage:
    """What the choice of images is given."""

    quality: QualityConfig
