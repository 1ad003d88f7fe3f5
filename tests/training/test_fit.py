import dataclasses
from pathlib import Path

import pytest
import torch

from idfsr.config.fit import FitConfig
from idfsr.errors import IdfsrError
from idfsr.io.examples import IdentityExamples, load_identity
from idfsr.training.fit import FitResult, first_embedding, fit_identities, fit_identity
from idfsr.training.frozen import FrozenModel, measure_held_out

from .makers import make_network, unit, write_test_shard

CONFIG = FitConfig(num_steps=6, batch_size=2, learning_rate=0.05, num_evaluations=3)


@pytest.fixture
def examples(tmp_path: Path) -> dict[str, IdentityExamples]:
    shard = write_test_shard(tmp_path / "test.parquet")
    return {part: load_identity([shard], "00007", part) for part in ("fit", "test")}


def test_fit_changes_z_id_and_nothing_else(examples: dict[str, IdentityExamples]) -> None:
    model = make_network()
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    result = fit_identity(model, examples["fit"], examples["test"], CONFIG, 0)
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[key]), key
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not model.training
    assert torch.equal(result.init, torch.from_numpy(unit([7, 1])))
    assert (result.z_id != result.init).float().mean() > 0.9
    assert (result.z_id - result.init).abs().max() < 6 * 0.05 * 1.5


def test_fit_lowers_the_loss_on_both_halves(examples: dict[str, IdentityExamples]) -> None:
    """Fit and test images are the same pattern, which the embedding can learn to prefer."""
    config = dataclasses.replace(CONFIG, num_steps=60, batch_size=4)
    model = make_network()
    result = fit_identity(model, examples["fit"], examples["test"], config, 0)
    frozen = FrozenModel(model, examples["fit"], 1, "float32")
    before, after = (
        measure_held_out([frozen], z_id[None], 3, seed=5)[0] for z_id in (result.init, result.z_id)
    )
    assert after < 0.98 * before
    assert result.held_out[60] < 0.98 * result.held_out[0]


def test_same_command_same_numbers(examples: dict[str, IdentityExamples]) -> None:
    first, again, other = (
        fit_identity(make_network(), examples["fit"], examples["test"], CONFIG, seed)
        for seed in (0, 0, 1)
    )
    assert torch.equal(first.z_id, again.z_id)
    assert first.losses == again.losses
    assert first.held_out == again.held_out
    assert not torch.equal(first.z_id, other.z_id)


def test_curves(examples: dict[str, IdentityExamples]) -> None:
    result = fit_identity(make_network(), examples["fit"], examples["test"], CONFIG, 0)
    assert list(result.held_out) == [0, 2, 4, 6]
    records = result.records()
    assert [record["step"] for record in records] == list(range(7))
    assert set(records[0]) == {"step", "held_out_loss"}
    assert set(records[1]) == {"step", "loss"}
    assert records[6] == {
        "step": 6, "loss": result.losses[5], "held_out_loss": result.held_out[6],
    }  # fmt: skip


def test_records_by_hand() -> None:
    z_id = torch.zeros(512)
    result = FitResult(z_id=z_id, init=z_id, losses=[0.5], held_out={0: 0.7, 1: 0.6})
    assert result.records() == [
        {"step": 0, "held_out_loss": 0.7},
        {"step": 1, "loss": 0.5, "held_out_loss": 0.6},
    ]


def test_test_images_do_not_touch_the_result(examples: dict[str, IdentityExamples]) -> None:
    other = dict(examples["test"])
    other["gt_image"] = -examples["test"]["gt_image"]
    first, second = (
        fit_identity(make_network(), examples["fit"], test, CONFIG, 0)
        for test in (examples["test"], other)
    )
    assert torch.equal(first.z_id, second.z_id)
    assert first.held_out != second.held_out


def test_mean_start_has_unit_norm(examples: dict[str, IdentityExamples]) -> None:
    config = dataclasses.replace(CONFIG, init="mean")
    start = first_embedding(examples["fit"], examples["test"], config)
    mean = sum(torch.from_numpy(unit([7, image])) for image in range(3))
    torch.testing.assert_close(start, mean / mean.norm())


def test_loss_that_is_not_finite_stops(examples: dict[str, IdentityExamples]) -> None:
    broken = dict(examples["fit"])
    broken["gt_image"] = torch.full_like(examples["fit"]["gt_image"], float("nan"))
    with pytest.raises(IdfsrError, match="fit of 00007/0/x8: found loss nan in step 1"):
        fit_identity(make_network(), broken, examples["test"], CONFIG, 0)


def test_people_fitted_at_once_are_those_fitted_alone(tmp_path: Path) -> None:
    shard = write_test_shard(tmp_path / "test.parquet")
    people = [
        (load_identity([shard], name, "fit"), load_identity([shard], name, "test"))
        for name in ("00007", "00008")
    ]
    config = dataclasses.replace(CONFIG, num_steps=20, learning_rate=0.01)
    together = fit_identities(make_network(), people, config, 0)
    for (fit, test), result in zip(people, together, strict=True):
        alone = fit_identity(make_network(), fit, test, config, 0)
        torch.testing.assert_close(result.z_id, alone.z_id, rtol=0, atol=1e-5)
        assert result.losses == pytest.approx(alone.losses, abs=1e-5)
        assert result.held_out == pytest.approx(alone.held_out, abs=1e-5)
        assert (result.z_id - result.init).abs().max() > 0.01


def test_fit_stops_with_the_best_embedding(
    examples: dict[str, IdentityExamples], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the losses on the fit images, every second, the third is the lowest."""
    losses = iter([9.0, 5.0, 8.0, 4.0, 7.0, 3.0, 6.0, 3.5, 5.0, 3.4, 4.0, 1.0])
    seen: list[torch.Tensor] = []

    def measure(_people: object, z_ids: torch.Tensor, _batch_size: int, _seed: int) -> list[float]:
        seen.append(z_ids[0].clone())
        return [next(losses)]

    monkeypatch.setattr("idfsr.training.fit.measure_held_out", measure)
    config = dataclasses.replace(CONFIG, num_steps=10, num_evaluations=5, patience=2)
    result = fit_identity(make_network(), examples["fit"], examples["test"], config, 0)
    assert result.held_out == {0: 9.0, 2: 8.0, 4: 7.0, 6: 6.0, 8: 5.0}
    assert len(result.losses) == 8
    assert torch.equal(result.z_id, seen[5])
    assert not torch.equal(result.z_id, seen[9])


def test_fit_of_some_images_uses_no_other(tmp_path: Path) -> None:
    shard = write_test_shard(tmp_path / "test.parquet")
    two = load_identity([shard], "00007", "fit", num_images=2)
    assert two["images"] == ["0", "1"]
    assert two["warped_ref"].shape[:2] == (2, 1)
    torch.testing.assert_close(two["reference_z_id"][0, 0], two["z_id"][1])
    with pytest.raises(IdfsrError, match="fit rows of 00007: found 3, wanted 4"):
        load_identity([shard], "00007", "fit", num_images=4)
