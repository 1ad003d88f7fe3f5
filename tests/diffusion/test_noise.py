import torch

from idfsr.diffusion.ddim import seeded_noise
from idfsr.diffusion.noise import NoiseStream


def test_draws_follow_one_another_and_belong_to_the_key() -> None:
    batch = NoiseStream(["a", "b"], 0, (3, 4, 5))
    alone = NoiseStream(["b"], 0, (3, 4, 5))
    first, second = batch(), batch()
    assert torch.equal(first, seeded_noise(["a", "b"], 0, (3, 4, 5)))
    assert torch.equal(first[1:], alone())
    assert torch.equal(second[1:], alone())
    assert not torch.equal(first, second)
