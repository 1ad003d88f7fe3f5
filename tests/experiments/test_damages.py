"""More damage than a network was trained with, and what a method takes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from idfsr.errors import IdfsrError
from idfsr.experiments.costs import count_parameters, measure_cost
from idfsr.experiments.damages import LEVELS, list_damages, make_example, read_cases
from idfsr.faces.detector import Detections, Detector
from idfsr.io.degradation import Damage, degrade, degrade_blindly, draw_damage
from idfsr.io.examples import load_identity
from idfsr.methods.engine.contract import Restorer
from idfsr.methods.engine.restore import pick_rows
from idfsr.methods.idfsr.restore import IdfsrRestorer
from tests.conftest import make_image
from tests.training.makers import make_network, write_test_shard

RNG = np.random.default_rng(0)


def test_no_damage_is_the_papers_degradation() -> None:
    image = make_image(1)
    np.testing.assert_array_equal(degrade_blindly(image, 8, Damage(), RNG), degrade(image, 8))


def test_each_damage_does_what_its_name_says() -> None:
    image = RNG.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    plain = degrade(image, 4).astype(float)
    blurred = degrade_blindly(image, 4, Damage(blur=4.0), RNG)
    assert blurred.std() < 0.5 * plain.std()
    grey = np.full((256, 256, 3), 128, np.uint8)
    noisy = degrade_blindly(grey, 4, Damage(noise=10.0), RNG)
    assert noisy.std() == pytest.approx(10, rel=0.05)
    errors = [
        np.abs(degrade_blindly(image, 4, Damage(quality=quality), RNG) - plain).mean()
        for quality in (95, 50, 10)
    ]
    assert 0 < errors[0] < errors[1] < errors[2]
    drawn = [draw_damage(np.random.default_rng(seed), 256) for seed in range(200)]
    assert 0.1 <= min(one.blur for one in drawn) < 0.5
    assert 4.5 < max(one.blur for one in drawn) <= 5
    assert max(one.noise for one in drawn) <= 15
    assert (min(one.quality for one in drawn), max(one.quality for one in drawn)) == (60, 100)


def test_one_kind_of_damage_at_a_time() -> None:
    damages = list_damages(64, 8)
    assert len(damages) == sum(map(len, LEVELS.values()))
    assert ("scale", 32.0, 32, Damage()) in damages
    assert ("blur", 0.5, 8, Damage(blur=4.0)) in damages
    assert ("jpeg", 20.0, 8, Damage(quality=20)) in damages
    assert all(sum(map(bool, damage)) <= 1 for *_, damage in damages)
    assert [level for kind, level, *_ in list_damages(72, 8) if kind == "scale"] == [4, 8]


class Finds(Detector):
    """A detector that finds what it is told to."""

    def __init__(self, landmarks: np.ndarray) -> None:
        self.landmarks = landmarks

    def detect_single(self, images: list[np.ndarray], size: int) -> list[Detections]:
        assert {image.shape[0] for image in images} == {size}
        box, score = np.zeros((1, 4), np.float32), np.ones(1, np.float32)
        return [Detections(box, score, self.landmarks[None]) for _ in images]


def test_an_undamaged_image_is_restored_as_in_the_tables(tmp_path: Path) -> None:
    shards = [write_test_shard(tmp_path / "t.parquet")]
    case = read_cases(shards, {"00007"})[0]
    with pytest.raises(IdfsrError, match="found no test image of the people"):
        read_cases(shards, set())
    examples = pick_rows(load_identity(shards, case.identity, "test"), [0])
    assert examples["images"] == [case.image]
    points = examples["lr_landmarks"][0].numpy()
    size = len(case.gt_image)
    made, detected = make_example(case, degrade(case.gt_image, 8), Finds(2 * points), 2 * size, 8)
    assert detected
    assert torch.equal(made["gt_image"], examples["gt_image"])
    torch.testing.assert_close(made["lr_landmarks"], examples["lr_landmarks"])
    assert made["keys"] == examples["keys"]
    assert torch.equal(made["reference_z_id"][:, 0], examples["reference_z_id"][:, 0])
    _, detected = make_example(case, degrade(case.gt_image, 8), Finds(points - 999), 2 * size, 8)
    assert not detected


class Doubles(Restorer):
    """Multiplies two matrices of 8 x 8."""

    def __init__(self) -> None:
        self.layer = nn.Linear(8, 8, bias=False)

    def restore(self, examples: dict[str, list[str]]) -> np.ndarray:
        with torch.no_grad():
            self.layer(torch.ones(3, 8))
        return np.zeros((len(examples["keys"]), 4, 4, 3), np.uint8)


def test_costs_by_hand() -> None:
    before = count_parameters()
    restorer = Doubles()
    assert count_parameters() - before == 64
    found = measure_cost(restorer, {"keys": ["a"]})  # type: ignore[typeddict-item] # is not looked at
    assert found["macs"] == 3 * 8 * 8
    assert found["num_parameters"] >= 64
    assert found["seconds"] > 0
    assert found["memory_mb"] > 50


def test_cost_of_the_model_grows_with_its_steps(tmp_path: Path) -> None:
    shards = [write_test_shard(tmp_path / "t.parquet")]
    example = pick_rows(load_identity(shards, "00007", "test"), [0])
    macs = []
    for steps in (2, 4):
        method = IdfsrRestorer(
            model=make_network(), model_digest="d", fitted_z_id=None,
            num_inference_steps=steps, seed=0,
        )  # fmt: skip
        macs.append(measure_cost(method, example)["macs"])
    assert macs[0] < macs[1] < 2 * macs[0]
