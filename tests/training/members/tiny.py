"""Members small enough for a test, for faces of 32 px."""

import dataclasses

import pytest

from idfsr.training.members import MEMBERS
from tests.baselines.test_codeformer import SMALL
from tests.baselines.tiny import PRIOR, RESTORER, SPARNET, SWINIR

SIZES = {
    "prior": PRIOR,
    "vqgan": SMALL.vqgan,
    "codeformer": SMALL,
    "difface_swinir": SWINIR,
    "pgdiff_restorer": RESTORER,
    "dr2_enhancer": SPARNET,
}


def use_tiny_members(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the recipes train small networks."""
    for name, sizes in SIZES.items():
        monkeypatch.setitem(MEMBERS, name, dataclasses.replace(MEMBERS[name], sizes=sizes))
