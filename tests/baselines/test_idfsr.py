from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from idfsr.baselines.contract import split_examples
from idfsr.baselines.idfsr import IdfsrMethod
from idfsr.data.loader import IdentityExamples, load_identity
from idfsr.diffusion.ddim import seeded_noise
from tests.training.makers import make_network, unit, write_test_shard

CPU = torch.device("cpu")


@pytest.fixture
def examples(tmp_path: Path) -> IdentityExamples:
    return load_identity([write_test_shard(tmp_path / "t.parquet")], "00007", "fit")


def make_method(*, fitted: bool = False, seed: int = 0) -> IdfsrMethod:
    model = make_network()
    return IdfsrMethod(
        model=model,
        model_digest="d",
        fitted_z_id=torch.from_numpy(unit([99])) if fitted else None,
        num_inference_steps=5,
        seed=seed,
    )


def test_no_image_depends_on_its_batch(examples: IdentityExamples) -> None:
    method = make_method()
    whole = method.restore(examples)
    alone = np.concatenate([method.restore(single) for single in split_examples(examples, 1)])
    np.testing.assert_array_equal(whole, alone)


def test_a_batch_at_once_gives_nearly_the_same(examples: IdentityExamples) -> None:
    method = make_method()
    difference = method.sample(examples, CPU).astype(int) - method.restore(examples)
    assert np.abs(difference).max() <= 1
    assert (difference != 0).mean() < 0.01


def test_seed_and_key_decide_the_noise(examples: IdentityExamples) -> None:
    first, other = (make_method(seed=seed).restore(examples) for seed in (0, 1))
    assert (first != other).mean() > 0.1
    twins = {**examples, "keys": ["a", "b", "b"]}
    for name in ("masked_lr", "warped_ref", "reference_z_id"):
        twins[name] = examples[name][:1].expand_as(examples[name])
    restored = make_method().restore(twins)
    np.testing.assert_array_equal(restored[1], restored[2])
    assert (restored[0] != restored[1]).mean() > 0.1


@pytest.mark.parametrize("fitted", [False, True])
def test_conditions_reach_the_network(
    examples: IdentityExamples, monkeypatch: pytest.MonkeyPatch, *, fitted: bool
) -> None:
    """The first reference's style; its z_id before the fit, the person's after it."""
    method = make_method(fitted=fitted)
    assert method.name == ("idfsr-ft" if fitted else "idfsr-pt")
    calls: list[tuple[Tensor, ...]] = []

    def answer(*arguments: Tensor) -> Tensor:
        calls.append(arguments)
        return torch.zeros_like(arguments[0])

    monkeypatch.setattr(method.model, "forward", answer)
    method.sample(examples, CPU)
    assert [int(arguments[1][0]) for arguments in calls] == [800, 600, 400, 200, 0]
    x_T, _, masked_lr, z_s, z_id = calls[0]
    assert torch.equal(x_T, seeded_noise(examples["keys"], 0, (3, 32, 32)))
    assert torch.equal(masked_lr, examples["masked_lr"])
    with torch.no_grad():
        torch.testing.assert_close(z_s, method.model.encode_style(examples["warped_ref"][:, 0]))
    wanted = torch.from_numpy(unit([99])) if fitted else examples["reference_z_id"][:, 0]
    assert torch.equal(z_id, wanted.expand(3, -1))
