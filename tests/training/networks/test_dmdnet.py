import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from idfsr.faces.embedded_landmarks import EmbeddedLandmarks
from idfsr.methods.dmdnet.restore import DmdNetRestorer
from idfsr.methods.engine.check import make_examples
from idfsr.methods.engine.native import to_levels
from idfsr.models.dmdnet import PLACES, DMDNet
from idfsr.models.landmarks68 import Landmarks68Net
from idfsr.training.networks.dmdnet.training import (
    dmdnet_loss,
    fill_memory,
    find_boxes,
    restore_dmdnet,
)
from idfsr.training.networks.faces import FaceBatch
from tests.models.golden_values import fill_by_name

from .tiny import SIZES, FirstFaces, batch_of


@torch.no_grad()
def test_dmdnet_learns_what_the_method_does(detector: Landmarks68Net) -> None:
    network = DMDNet(SIZES["dmdnet"]).eval()
    fill_by_name(network)
    method = DmdNetRestorer(
        network=network, detector=EmbeddedLandmarks(detector), model_digest="digest"
    )
    examples, problems = method.examine(make_examples(32, 8, 3))
    assert problems == ["", "", ""]
    batch = batch_of(examples)
    found = find_boxes(network, detector, batch)
    restored = restore_dmdnet(network, *found)
    difference = to_levels(restored, 32).astype(int) - method.restore(examples)
    assert np.abs(difference).max() <= 1
    loss, errors = dmdnet_loss(network, detector)(batch, torch.Generator())
    generic = network(batch.degraded, found[1], None)
    torch.testing.assert_close(errors["specific"], (restored - batch.gt_image).abs().mean())
    torch.testing.assert_close(loss - errors["specific"], (generic - batch.gt_image).abs().mean())


def test_faces_without_components_are_left_out(
    detector: Landmarks68Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = detector.forward

    def forward(_: Landmarks68Net, images: Tensor) -> Tensor:
        found = plain(images)
        found[images.mean(dim=(1, 2, 3)) > 0.9, 17:42] = torch.tensor([0.0, 0.9])
        return found

    monkeypatch.setattr(Landmarks68Net, "forward", forward)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand((3, 3, 3, 32, 32), generator=generator) - 0.5
    images[0, 0], images[2, 1] = 0.95, 0.95
    batch = FaceBatch(gt_image=images[:, 0], degraded=images[:, 0], ref_image=images[:, 1:])
    kept, boxes, ref_boxes = find_boxes(DMDNet(SIZES["dmdnet"]), detector, batch)
    assert torch.equal(kept.gt_image, images[1:2, 0])
    assert boxes.shape == (1, 3, 4)
    assert ref_boxes.shape == (1, 2, 3, 4)


def test_generic_memory_begins_with_faces_and_learns(detector: Landmarks68Net) -> None:
    config = dataclasses.replace(SIZES["dmdnet"], num_entries=2)
    network = DMDNet(config).eval()
    fill_by_name(network)
    batch = batch_of(make_examples(32, 8, 3))  # type: ignore[arg-type]
    fill_memory(network, detector, FirstFaces(batch))
    kept, boxes, _ = find_boxes(network, detector, batch)
    memory = network.memorise(kept.gt_image[:2], boxes[:2])
    for place in PLACES:
        torch.testing.assert_close(network.generic_memory(place).values, memory[place].values)
    loss, _ = dmdnet_loss(network, detector)(batch, torch.Generator())
    loss.backward()
    gradients = [
        parameter.grad for name, parameter in network.named_parameters() if "_mem_" in name
    ]
    assert all(gradient is not None and gradient.any() for gradient in gradients)
