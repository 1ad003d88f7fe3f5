import torch

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.models.rrdb import TimedRestorer
from idfsr.training.networks.pgdiff_restorer.training import restorer_loss, timed_inputs
from tests.methods.tiny import RESTORER

from .tiny import make_batch


def test_restorer_sees_the_noised_face_beside_the_degraded_one() -> None:
    torch.manual_seed(0)
    network, batch = TimedRestorer(RESTORER), make_batch()
    x_t, degraded, t = timed_inputs(network, batch, torch.Generator().manual_seed(3))
    alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS)[t][:, None, None, None]
    noise = (x_t - alphas_cumprod.sqrt() * batch.gt_image) / (1 - alphas_cumprod).sqrt()
    assert 0.9 < noise.std() < 1.1
    assert torch.equal(degraded, batch.degraded)
    loss, _ = restorer_loss(network, None)(batch, torch.Generator().manual_seed(3))
    wanted = (network(x_t, degraded, t) - batch.gt_image).square().mean()
    torch.testing.assert_close(loss, wanted)
