"""DifFace (Yue & Loy 2024): an estimate of the face, noised half-way and denoised by a prior."""

from idfsr.config.types import NumDdpmSteps, section
from idfsr.methods.engine.contract import Context, Method, Restorer


def load(context: Context) -> Restorer:
    """Read the networks."""
    from idfsr.methods.difface.restore import DifFace

    return DifFace.load(context)


@section
class DifFaceConfig:
    """Sampling of DifFace."""

    num_inference_steps: NumDdpmSteps = 250
    """Steps of the whole respaced process, a divisor of 1000. Two fifths of them are made: the
    estimate is noised to the 100th of its authors' 250."""


METHODS = (
    Method(
        name="difface",
        label="DifFace",
        load=load,
        weights=("difface_swinir", "iddpm_ffhq512"),
        settings=DifFaceConfig,
    ),
)
