"""Small members of the baselines' families, trained here for the embedded default."""

from typing import Final

from idfsr.training.members.codeformer import CODEFORMER, VQGAN
from idfsr.training.members.guided import ASFFNET, DMDNET
from idfsr.training.members.member import Member
from idfsr.training.members.prior import PRIOR
from idfsr.training.members.restorers import ENHANCER, RESTORER, SWINIR

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
