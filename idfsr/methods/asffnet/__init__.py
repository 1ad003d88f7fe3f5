"""ASFFNet (Li et al. 2020): the reference that fits best, moved onto the face."""

from idfsr.methods.engine.contract import Context, Method, Restorer


def load(context: Context) -> Restorer:
    """Read the networks."""
    from idfsr.methods.asffnet.restore import AsffNetRestorer

    return AsffNetRestorer.load(context)


METHODS = (
    Method(
        name="asffnet",
        label="ASFFNet",
        load=load,
        weights=("asffnet512", "face_alignment_fan", "face_alignment_s3fd"),
        needs=("ref_image",),
    ),
)
