"""Small members of the baselines' families, trained here for the embedded default."""

from typing import Final

from idfsr.training.networks.asffnet.training import ASFFNET, DMDNET
from idfsr.training.networks.codeformer.training import CODEFORMER, VQGAN
from idfsr.training.networks.difface_swinir.training import ENHANCER, RESTORER, SWINIR
from idfsr.training.networks.prior.training import PRIOR
from idfsr.training.networks.restoration import Member

MEMBERS: Final[dict[str, Member]] = {
    "prior": PRIOR,
    "vqgan": VQGAN,
    "codeformer": CODEFORMER,
    "difface_swinir": SWINIR,
    "pgdiff_restorer": RESTORER,
    "dr2_enhancer": ENHANCER,
    "asffnet": ASFFNET,
    "dmdnet": DMDNET,
}
"""By the names of their files."""
