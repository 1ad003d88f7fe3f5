"""CodeFormer (Zhou et al. 2022): no reference, a codebook of sharp faces."""

from typing import Annotated

from pydantic import Field

from idfsr.config.types import section
from idfsr.methods.engine.contract import Context, Method, Restorer


@section
class CodeFormerConfig:
    """Restoring with CodeFormer (Zhou et al. 2022)."""

    w: Annotated[float, Field(ge=0, le=1)] = 0.5
    """0 trusts the codebook, 1 the image; 0.5 as its authors advise. The paper does not say;
    docs/decisions/0019."""


def load(context: Context) -> Restorer:
    """Read the networks."""
    from idfsr.methods.codeformer.restore import CodeFormerRestorer

    return CodeFormerRestorer.load(context)


METHODS = (
    Method(
        name="codeformer",
        label="CodeFormer",
        load=load,
        weights=("codeformer",),
        settings=CodeFormerConfig,
    ),
)
