"""IDFSR itself, before and after the fit ("Ours (PT)" and "Ours (FT)" of Table 1)."""

import dataclasses

from idfsr.methods.engine.contract import Context, Method, Restorer


def load(context: Context) -> Restorer:
    """Read the pretrained network."""
    from idfsr.methods.idfsr.restore import IdfsrRestorer

    return IdfsrRestorer.load(context)


# The colours are apart for the colour-blind (after Okabe and Ito 2008), and in grey.
PRETRAINED = Method(
    name="idfsr-pt",
    label="IDFSR (PT)",
    load=load,
    colour="#e08a00",
    needs=("reference",),
    run_files=("model",),
    memory_mb=2000,
)
FITTED = dataclasses.replace(
    PRETRAINED,
    name="idfsr-ft",
    label="IDFSR (FT)",
    colour="#0b6fb8",
    run_files=("model", "embedding"),
)
METHODS = (PRETRAINED, FITTED)
