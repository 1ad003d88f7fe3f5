"""DR2 (Wang et al. 2023): a noised face denoised by a prior that keeps its low frequencies."""

from typing import Annotated

from pydantic import Field

from idfsr.config.types import Count, section
from idfsr.methods.engine.contract import Context, Method, Restorer


@section
class Dr2Filter:
    """How much of a face DR2 (Wang et al. 2023) keeps."""

    factor: Count
    """N: what an N times smaller image shows is kept."""
    tau: Annotated[int, Field(ge=0, le=69)]
    """Step of 100 at which the clean face is taken; later, that is lower, adds detail."""


@section
class Dr2Config:
    """DR2 by scale factor: the band that the low-resolution image carries, tau as its authors'."""

    x4: Dr2Filter = Dr2Filter(factor=4, tau=22)
    x8: Dr2Filter = Dr2Filter(factor=8, tau=35)
    x16: Dr2Filter = Dr2Filter(factor=16, tau=35)
    x32: Dr2Filter = Dr2Filter(factor=32, tau=35)

    def of_scale(self, scale_factor: int) -> Dr2Filter:
        """Return the settings of a scale factor."""
        found: Dr2Filter = getattr(self, f"x{scale_factor}")
        return found


def load(context: Context) -> Restorer:
    """Read the networks."""
    from idfsr.methods.dr2.restore import Dr2

    return Dr2.load(context)


METHODS = (
    Method(
        name="dr2",
        label="DR2",
        load=load,
        weights=("dr2_prior", "dr2_enhancer"),
        settings=Dr2Config,
    ),
)
