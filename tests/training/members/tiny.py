"""Members small enough for a test, for faces of 32 px."""

import dataclasses

import pytest
import torch

from idfsr.models.asffnet import AsffNetConfig
from idfsr.models.dmdnet import DmdNetConfig
from idfsr.training.members import MEMBERS
from idfsr.training.members.faces import FaceBatch
from tests.methods.codeformer.test_restore import SMALL
from tests.methods.tiny import PRIOR, RESTORER, SPARNET, SWINIR

SIZES = {
    "prior": PRIOR,
    "vqgan": SMALL.vqgan,
    "codeformer": SMALL,
    "difface_swinir": SWINIR,
    "pgdiff_restorer": RESTORER,
    "dr2_enhancer": SPARNET,
    "asffnet": AsffNetConfig(image_size=32, channels=8),
    "dmdnet": DmdNetConfig(
        image_size=32, first_stride=1, channels=12, num_entries=2, eye_size=8, mouth_size=8
    ),
}


def use_tiny_members(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the recipes train small networks."""
    for name, sizes in SIZES.items():
        monkeypatch.setitem(MEMBERS, name, dataclasses.replace(MEMBERS[name], sizes=sizes))


def make_batch() -> FaceBatch:
    """Make two random faces, each of which is what is left of the other."""
    generator = torch.Generator().manual_seed(0)
    gt_image = torch.rand((2, 3, 32, 32), generator=generator) * 2 - 1
    return FaceBatch(gt_image=gt_image, degraded=gt_image.flip(0), ref_image=gt_image[:, None])
