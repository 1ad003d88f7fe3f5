"""PGDiff (Yang et al. 2023), without a reference and with the identity of one."""

import dataclasses
from typing import Annotated

from pydantic import Field

from idfsr.config.types import NumDdpmSteps, section
from idfsr.methods.engine.contract import Context, Method, Restorer


@section
class PgDiffConfig:
    """Sampling of PGDiff (Yang et al. 2023)."""

    num_inference_steps: NumDdpmSteps = 1000
    """DDPM steps, a divisor of 1000; its authors advise 100 at least."""
    guidance_scale: Annotated[float, Field(ge=0)] = 0.1
    """Of the restorer's pull; its authors use 0.05 to 0.1."""


def load(context: Context) -> Restorer:
    """Read the networks."""
    from idfsr.methods.pgdiff.restore import PgDiff

    return PgDiff.load(context)


PGDIFF = Method(
    name="pgdiff",
    label="PGDiff",
    load=load,
    weights=("iddpm_ffhq512", "pgdiff_restorer"),
    settings=PgDiffConfig,
)
WITH_REFERENCE = dataclasses.replace(
    PGDIFF,
    name="pgdiff-ref",
    label="PGDiff (reference)",
    needs=("reference",),
    weights=(*PGDIFF.weights, "pgdiff_arcface"),
    conditions=("pgdiff_arcface",),
    settings_of="pgdiff",
)
METHODS = (PGDIFF, WITH_REFERENCE)
