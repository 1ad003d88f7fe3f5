"""DifFace (Yue & Loy 2024): an estimate of the face, noised half-way and denoised by a prior."""

from idfsr.methods.engine.contract import Context, Method, Restorer


def load(context: Context) -> Restorer:
    """Read the networks."""
    from idfsr.methods.difface.restore import DifFace

    return DifFace.load(context)


METHODS = (
    Method(
        name="difface",
        label="DifFace",
        load=load,
        weights=("difface_swinir", "iddpm_ffhq512"),
    ),
)
