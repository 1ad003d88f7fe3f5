import numpy as np
import torch

from idfsr.faces.embedded_landmarks import EmbeddedLandmarks
from idfsr.methods.asffnet.restore import AsffNetRestorer
from idfsr.methods.engine.check import make_examples
from idfsr.methods.engine.native import to_levels
from idfsr.models.asffnet import ASFFNet
from idfsr.models.landmarks68 import Landmarks68Net
from idfsr.training.networks.asffnet.training import asffnet_loss, restore_asffnet
from tests.models.golden_values import fill_by_name

from .tiny import SIZES, batch_of


@torch.no_grad()
def test_asffnet_learns_what_the_method_does(detector: Landmarks68Net) -> None:
    network = ASFFNet(SIZES["asffnet"]).eval()
    fill_by_name(network)
    method = AsffNetRestorer(
        network=network, detector=EmbeddedLandmarks(detector), model_digest="digest"
    )
    examples, problems = method.examine(make_examples(32, 8, 3))
    assert problems == ["", "", ""]
    batch = batch_of(examples)
    restored = restore_asffnet(network, detector, batch)
    difference = to_levels(restored, 32).astype(int) - method.restore(examples)
    assert np.abs(difference).max() <= 1
    loss, _ = asffnet_loss(network, detector)(batch, torch.Generator())
    torch.testing.assert_close(loss, (restored - batch.gt_image).abs().mean())
