"""Settings of the baselines that have some: sections of a run's configuration."""

from typing import Annotated

from pydantic import Field

from idfsr.config.types import Count, NumDdpmSteps, section


@section
class CodeFormerConfig:
    """Restoring with CodeFormer (Zhou et al. 2022)."""

    w: Annotated[float, Field(ge=0, le=1)] = 0.5
    """0 trusts the codebook, 1 the image; 0.5 as its authors advise. The paper does not say;
    docs/decisions/0019."""


@section
class PgDiffConfig:
    """Sampling of PGDiff (Yang et al. 2023)."""

    num_inference_steps: NumDdpmSteps = 1000
    """DDPM steps, a divisor of 1000; its authors advise 100 at least."""
    guidance_scale: Annotated[float, Field(ge=0)] = 0.1
    """Of the restorer's pull; its authors use 0.05 to 0.1."""


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
