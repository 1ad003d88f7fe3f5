"""RestoreFormer (Wang et al. 2022): attention from the degraded face to sharp faces."""

from idfsr.methods.engine.contract import Context, Method, Restorer


def load(context: Context) -> Restorer:
    """Read the networks."""
    from idfsr.methods.restoreformer.restore import RestoreFormerRestorer

    return RestoreFormerRestorer.load(context)


METHODS = (
    Method(
        name="restoreformer",
        label="RestoreFormer",
        load=load,
        weights=("restoreformer",),
        package="spandrel",
    ),
)
