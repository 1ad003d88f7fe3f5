from pathlib import Path

import pytest
import torch

from idfsr.data.loader import IdentityExamples, load_identity
from idfsr.training.frozen import FrozenModel, measure_held_out, stratified_timesteps

from .makers import make_network, unit, write_test_shard


@pytest.fixture
def examples(tmp_path: Path) -> dict[str, IdentityExamples]:
    shard = write_test_shard(tmp_path / "test.parquet")
    return {part: load_identity([shard], "00007", part) for part in ("fit", "test")}


def test_style_embeddings_are_those_of_each_pair(examples: dict[str, IdentityExamples]) -> None:
    model = make_network()
    frozen = FrozenModel(model, examples["fit"], 2)
    assert frozen.z_s.shape == (3, 2, 16)
    with torch.no_grad():
        alone = model.encode_style(examples["fit"]["warped_ref"][2, 1][None])[0]
    torch.testing.assert_close(frozen.z_s[2, 1], alone, atol=1e-5, rtol=1e-4)


def test_held_out_loss_does_not_depend_on_the_batch(
    examples: dict[str, IdentityExamples],
) -> None:
    frozen = FrozenModel(make_network(), examples["test"], 1)
    z_id = torch.from_numpy(unit([1]))
    losses = [measure_held_out(frozen, z_id, size, seed=0) for size in (1, 2, 3)]
    assert losses[1:] == pytest.approx(losses[:1] * 2, rel=1e-5)
    assert measure_held_out(frozen, z_id, 2, seed=1) != losses[1]


def test_every_batch_has_a_timestep_of_each_part() -> None:
    generator = torch.Generator().manual_seed(0)
    batches = torch.stack([stratified_timesteps(4, generator) for _ in range(500)])
    assert torch.equal((batches // 250).sort(dim=1).values, torch.arange(4).expand(500, 4))
    # in every place of the batch uniform over all: mean 499.5, deviation 288.7
    assert batches.float().mean(dim=0).tolist() == pytest.approx([499.5] * 4, abs=40)
    assert batches.float().std(dim=0).tolist() == pytest.approx([288.7] * 4, abs=20)
