import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from idfsr.diffusion.ddim import seeded_noise
from idfsr.errors import IdfsrError
from idfsr.io.examples import IdentityExamples, load_identity
from idfsr.methods.engine.restore import split_examples
from idfsr.methods.idfsr.restore import IdfsrRestorer
from tests.training.makers import make_network, unit, write_test_shard

CPU = torch.device("cpu")


@pytest.fixture
def examples(tmp_path: Path) -> IdentityExamples:
    return load_identity([write_test_shard(tmp_path / "t.parquet")], "00007", "fit")


def make_method(*, fitted: bool = False, seed: int = 0) -> IdfsrRestorer:
    model = make_network()
    return IdfsrRestorer(
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


def test_bfloat16_comes_near(examples: IdentityExamples) -> None:
    method = make_method()
    wanted = method.sample(examples, CPU).astype(int)
    found = dataclasses.replace(method, precision="bfloat16").sample(examples, CPU)
    assert 0 < np.abs(found - wanted).mean() < 3


@pytest.mark.parametrize("fitted", [False, True])
def test_conditions_reach_the_network(
    examples: IdentityExamples, monkeypatch: pytest.MonkeyPatch, *, fitted: bool
) -> None:
    """The first reference's style; its z_id before the fit, the person's after it."""
    method = make_method(fitted=fitted)
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


def test_several_references_give_their_mean_direction(examples: IdentityExamples) -> None:
    method = dataclasses.replace(make_method(), num_references=2)
    z_id = method.reference_z_id(examples)
    first, second = examples["reference_z_id"][0, :2]
    torch.testing.assert_close(z_id[0], (first + second) / (first + second).norm())
    assert torch.equal(make_method().reference_z_id(examples)[0], first)
    assert (method.restore(examples) != make_method().restore(examples)).any()
    with pytest.raises(IdfsrError, match=r"00007/0/x8: found 2 references, wanted .*, 3"):
        dataclasses.replace(method, num_references=3).restore(examples)


def test_style_is_that_of_the_nearest_pose(examples: IdentityExamples) -> None:
    face = examples["lr_landmarks"]
    smile = face.clone()
    smile[:, 3:] += torch.tensor([[-3.0, -2], [3, -2]])
    unknown = torch.full_like(face, torch.nan)
    turned = face @ torch.tensor([[0.8, 0.6], [-0.6, 0.8]]) * 2 + 5  # place, size, tilt: no matter
    method = dataclasses.replace(make_method(), num_references=2)
    for landmarks, index in (([smile, turned], 1), ([face, smile], 0), ([unknown, smile], 1)):
        known: IdentityExamples = {**examples, "ref_landmarks": torch.stack(landmarks, dim=1)}
        assert torch.equal(method.style_reference(known), examples["warped_ref"][:, index])
        assert torch.equal(make_method().style_reference(known), examples["warped_ref"][:, 0])


def test_without_references_no_reference_matters(examples: IdentityExamples) -> None:
    method = dataclasses.replace(make_method(), num_references=0)
    others = {**examples, "warped_ref": -examples["warped_ref"]}
    others["reference_z_id"] = -examples["reference_z_id"]
    restored = method.restore(examples)
    np.testing.assert_array_equal(restored, method.restore(others))
    assert (restored != make_method().restore(examples)).any()


def test_guidance_goes_on_from_the_prediction_without_identity(
    examples: IdentityExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that answers 1 to an identity and 0 without one is taken to answer the scale."""
    single = next(iter(split_examples(examples, 1)))
    answers = []

    def answer(x_t: Tensor, _t: Tensor, _lr: Tensor, _z_s: Tensor, z_id: Tensor) -> Tensor:
        return torch.full_like(x_t, float(z_id.any()))

    def sample(
        predict: Callable[..., Tensor],
        _prediction: str,
        x_T: Tensor,  # noqa: N803
        _num_steps: int,
        _sampler: str,
    ) -> Tensor:
        answers.append(predict(x_T, torch.tensor([500]))[0, 0, 0, 0].item())
        return x_T

    monkeypatch.setattr("idfsr.methods.idfsr.restore.sample_images", sample)
    for guidance in (0.0, 1.0, 2.5):
        method = dataclasses.replace(make_method(), guidance=guidance)
        monkeypatch.setattr(method.model, "forward", answer)
        method.restore(single)
    assert answers == [0, 1, 2.5]
