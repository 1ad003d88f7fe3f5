"""GFPGAN 1.4 (Wang et al. 2021): a face prior that the features of the degraded face steer."""

from idfsr.methods.engine.contract import Context, Method, Restorer


def load(context: Context) -> Restorer:
    """Read the networks."""
    from idfsr.methods.gfpgan.restore import GfpganRestorer

    return GfpganRestorer.load(context)


METHODS = (
    Method(
        name="gfpgan",
        label="GFPGAN",
        load=load,
        weights=("gfpgan",),
        package="spandrel",
    ),
)
