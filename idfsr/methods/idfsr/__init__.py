"""IDFSR itself, before and after the fit ("Ours (PT)" and "Ours (FT)" of Table 1).

Between them stands a control that the paper has not: the mean z_id of the photographs that the fit
learns from, without a fit. What FT gains over it is what fitting gains over averaging.
"""

import dataclasses

from idfsr.methods.engine.contract import Context, Method, Restorer


def load(context: Context) -> Restorer:
    """Read the pretrained network."""
    from idfsr.methods.idfsr.restore import IdfsrRestorer

    return IdfsrRestorer.load(context)


def load_mean(context: Context) -> Restorer:
    """Read the pretrained network, to restore with the mean of the fit images."""
    from idfsr.methods.idfsr.restore import IdfsrRestorer

    return dataclasses.replace(IdfsrRestorer.load(context), with_mean=True)


# The colours are apart for the colour-blind (after Okabe and Ito 2008), and in grey.
PRETRAINED = Method(
    name="idfsr-pt",
    label="IDFSR (PT)",
    load=load,
    colour="#e08a00",
    needs=("reference",),
    conditions=("weights.id_encoder",),
    run_files=("model",),
    memory_mb=2000,
)
MEAN = dataclasses.replace(
    PRETRAINED,
    name="idfsr-mean",
    label="IDFSR (mean)",
    load=load_mean,
    colour="#00ab80",
    needs=("reference", "mean_z_id"),
)
FITTED = dataclasses.replace(
    PRETRAINED,
    name="idfsr-ft",
    label="IDFSR (FT)",
    colour="#0b6fb8",
    run_files=("model", "embedding"),
)
METHODS = (PRETRAINED, MEAN, FITTED)
