from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.diffusion.ddim import seeded_noise
from idfsr.io.examples import IdentityExamples, load_identity
from idfsr.training.frozen import FrozenModel, measure_held_out, stratified_timesteps

from .makers import make_network, unit, write_test_shard


@pytest.fixture
def examples(tmp_path: Path) -> dict[str, IdentityExamples]:
    shard = write_test_shard(tmp_path / "test.parquet")
    return {part: load_identity([shard], "00007", part) for part in ("fit", "test")}


def test_style_embeddings_are_those_of_each_pair(examples: dict[str, IdentityExamples]) -> None:
    model = make_network()
    frozen = FrozenModel(model, examples["fit"], 2, "float32")
    assert frozen.z_s.shape == (3, 2, 16)
    with torch.no_grad():
        alone = model.encode_style(examples["fit"]["warped_ref"][2, 1][None])[0]
    torch.testing.assert_close(frozen.z_s[2, 1], alone, atol=1e-5, rtol=1e-4)


def test_held_out_loss_depends_on_neither_batch_nor_company(
    examples: dict[str, IdentityExamples],
) -> None:
    model = make_network()
    people = [FrozenModel(model, examples[part], 1, "float32") for part in ("test", "fit")]
    z_ids = torch.from_numpy(np.stack([unit([1]), unit([2])]))
    alone = [
        measure_held_out([frozen], z_id[None], 2, seed=0)[0]
        for frozen, z_id in zip(people, z_ids, strict=True)
    ]
    for size in (1, 2, 3):
        assert measure_held_out(people, z_ids, size, seed=0) == pytest.approx(alone, rel=1e-5)
    assert measure_held_out(people, z_ids, 2, seed=1) != pytest.approx(alone, rel=1e-5)


def test_held_out_loss_is_the_mean_over_all_examples_and_timesteps(
    examples: dict[str, IdentityExamples],
) -> None:
    frozen = FrozenModel(make_network(), examples["test"], 1, "float32")
    z_id = torch.from_numpy(unit([1]))[None]
    losses = []
    for row, key in enumerate(frozen.keys):
        for t in (125, 375, 625, 875):
            noise = seeded_noise([f"{key}/t{t}"], 0, frozen.x_0.shape[1:])
            drawn = frozen.take(torch.tensor([row]), torch.tensor([0]), torch.tensor([t]), noise)
            losses.append(frozen.losses(z_id, drawn).item())
    assert measure_held_out([frozen], z_id, 2, seed=0) == [pytest.approx(np.mean(losses))]


def test_bfloat16_comes_near_and_leaves_loss_and_gradient_in_float32(
    examples: dict[str, IdentityExamples],
) -> None:
    model = make_network()
    z_id = torch.from_numpy(unit([1]))[None].requires_grad_()
    losses, gradients = [], []
    for precision in ("float32", "bfloat16"):
        frozen = FrozenModel(model, examples["test"], 1, precision)
        assert frozen.z_s.dtype == torch.float32
        loss = frozen.losses(z_id.expand(3, -1), frozen.draw(0, 3, 0)).mean()
        losses.append(loss)
        gradients += torch.autograd.grad(loss, [z_id])
    assert losses[1].dtype == gradients[1].dtype == torch.float32
    assert losses[1] != losses[0]
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=0.02)
    assert torch.cosine_similarity(*gradients).item() > 0.98


def test_every_batch_has_a_timestep_of_each_part() -> None:
    generator = torch.Generator().manual_seed(0)
    batches = torch.stack([stratified_timesteps(4, generator) for _ in range(500)])
    assert torch.equal((batches // 250).sort(dim=1).values, torch.arange(4).expand(500, 4))
    # in every place of the batch uniform over all: mean 499.5, deviation 288.7
    assert batches.float().mean(dim=0).tolist() == pytest.approx([499.5] * 4, abs=40)
    assert batches.float().std(dim=0).tolist() == pytest.approx([288.7] * 4, abs=20)
