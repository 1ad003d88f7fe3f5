"""DMDNet (Li et al. 2022): eyes and mouth from a memory of faces and from all references."""

from idfsr.methods.engine.contract import Context, Method, Restorer


def load(context: Context) -> Restorer:
    """Read the networks."""
    from idfsr.methods.dmdnet.restore import DmdNetRestorer

    return DmdNetRestorer.load(context)


METHODS = (
    Method(
        name="dmdnet",
        label="DMDNet",
        load=load,
        weights=("dmdnet", "face_alignment_fan", "face_alignment_s3fd"),
        needs=("ref_image",),
    ),
)
