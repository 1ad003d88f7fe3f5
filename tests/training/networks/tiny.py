"""Networks of the baselines small enough for a test, for faces of 32 px."""

import dataclasses

import pytest
import torch

from idfsr.methods.engine.guided import GuidedExamples, native_lr
from idfsr.models.asffnet import AsffNetConfig
from idfsr.models.dmdnet import DmdNetConfig
from idfsr.models.vqgan import Vqgan
from idfsr.training.networks.faces import FaceBatch, FaceData
from idfsr.training.networks.train import find_training
from idfsr.training.networks.vqgan.training import fill_codebook
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


def use_tiny_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the records train small networks."""
    for name, sizes in SIZES.items():
        training = dataclasses.replace(find_training(name), sizes=sizes)
        monkeypatch.setattr(f"idfsr.training.networks.{name}.training.TRAINING", training)


def make_batch() -> FaceBatch:
    """Make two random faces, each of which is what is left of the other."""
    generator = torch.Generator().manual_seed(0)
    gt_image = torch.rand((2, 3, 32, 32), generator=generator) * 2 - 1
    return FaceBatch(gt_image=gt_image, degraded=gt_image.flip(0), ref_image=gt_image[:, None])


class FirstFaces(FaceData):
    """Faces to begin with, and no others."""

    def __init__(self, batch: FaceBatch) -> None:
        self.batch = batch

    def first_faces(self) -> FaceBatch:
        return self.batch

    def held_out(self) -> list[FaceBatch]:
        return [self.batch]


def make_vqgan(batch: FaceBatch) -> Vqgan:
    """Make a codebook that begins with some faces."""
    torch.manual_seed(0)
    network = Vqgan(SMALL.vqgan)
    fill_codebook(network, None, FirstFaces(batch))
    return network


def batch_of(examples: GuidedExamples) -> FaceBatch:
    """Return examples of a method as a training sees them."""
    return FaceBatch(
        gt_image=examples["gt_image"],
        degraded=native_lr(examples, 32),
        ref_image=examples["ref_image"],
    )
