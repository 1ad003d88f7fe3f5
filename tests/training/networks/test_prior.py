import torch

from idfsr.models.unet import UNet
from idfsr.training.networks.faces import FaceBatch
from idfsr.training.networks.prior.training import PRIOR64, measure_prior, prior_loss
from tests.methods.tiny import PRIOR

from .tiny import FirstFaces


def make_batch(num: int) -> FaceBatch:
    gt_image = torch.rand(num, 3, 32, 32) * 2 - 1
    return FaceBatch(gt_image=gt_image, degraded=gt_image, ref_image=gt_image[:, None])


def test_zero_network_predicts_no_noise() -> None:
    """The last layer begins at 0, so the squared error is that of eps = 0: 1 on average."""
    torch.manual_seed(0)
    batch = make_batch(16)
    loss, parts = prior_loss(UNet(PRIOR), None)(batch, torch.Generator().manual_seed(0))
    torch.testing.assert_close(parts["squared_error"], torch.tensor(1.0), atol=0.02, rtol=0)
    torch.testing.assert_close(loss, parts["squared_error"] + parts["bound"])
    assert parts["bound"] > 0


def test_figures_are_the_same_every_time() -> None:
    torch.manual_seed(0)
    network = UNet(PRIOR)
    faces = FirstFaces(make_batch(4))
    assert measure_prior(network, None, faces) == measure_prior(network, None, faces)


def test_prior_has_the_published_blocks() -> None:
    with torch.device("meta"):
        network = UNet(PRIOR64)
        found = network(torch.zeros(1, 3, 64, 64), torch.zeros(1, dtype=torch.int64))
    assert network.image_size == 64
    assert found.shape == (1, 6, 64, 64)
