import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from idfsr.config.training import TrainConfig
from idfsr.errors import IdfsrError
from idfsr.io.texts import read_stats
from idfsr.training.checkpoint import TrainState, save_state
from idfsr.training.loop import learning_rate_at, train
from idfsr.training.signals import EXIT_INTERRUPTED, InterruptedTrainingError
from idfsr.training.step import Recipe

from .toy import run_toy, toy_recipe

TOY = Path(__file__).with_name("toy.py")
CPU = torch.device("cpu")


def run_process(folder: Path, *arguments: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, TOY, folder, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_killed_and_resumed_is_bit_identical(tmp_path: Path) -> None:
    """SIGKILL before the first checkpoint, SIGKILL and SIGTERM after it, against no kill."""
    unbroken = run_toy(tmp_path / "unbroken", toy_recipe())
    broken = tmp_path / "broken"
    assert run_process(broken, 12, signal.SIGKILL).returncode == -signal.SIGKILL
    assert not (broken / "state.pt").exists()
    assert run_process(broken, 52, signal.SIGKILL).returncode == -signal.SIGKILL
    terminated = run_process(broken, 64, signal.SIGTERM)
    assert terminated.returncode == EXIT_INTERRUPTED
    assert "toy:" in terminated.stderr
    resumed = run_toy(broken, toy_recipe())
    assert resumed.stats_path.read_bytes() == unbroken.stats_path.read_bytes()
    assert resumed.ema.keys() == unbroken.ema.keys()
    for key, tensor in unbroken.ema.items():
        assert torch.equal(resumed.ema[key], tensor), key


def quadratic(config: TrainConfig) -> tuple[Recipe, nn.Linear]:
    """One weight w that starts at 1, loss w^2."""
    module = nn.Linear(1, 1, bias=False)
    nn.init.ones_(module.weight)

    def loss(batch: Tensor, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        return module(batch).square().mean(), {}

    recipe = Recipe(
        name="toy",
        module=module,
        loss=loss,
        batch_at=lambda _: torch.ones(config.batch_size, 1),
        settings={},
    )
    return recipe, module


def test_two_steps_by_hand(tmp_path: Path) -> None:
    config = TrainConfig(
        num_images=4, batch_size=2, learning_rate=0.1, warmup_images=4, ema_decay=0.5, clip_norm=9
    )
    recipe, module = quadratic(config)
    trained = train(recipe, config, 0, tmp_path, CPU)
    # Adam's first step is the learning rate itself: half of 0.1 in the middle of the ramp.
    first = 1 - 0.05
    # m = 0.9 * 0.1 * 2 + 0.1 * 2 w, v = 0.999 * 0.001 * 4 + 0.001 * (2 w)^2, bias-corrected.
    moment = (0.09 * 2 + 0.1 * 2 * first) / (1 - 0.9**2)
    variance = (0.000999 * 4 + 0.001 * (2 * first) ** 2) / (1 - 0.999**2)
    second = first - 0.1 * moment / variance**0.5
    assert module.weight.item() == pytest.approx(second, rel=1e-5)
    # Decays (1 + n) / (10 + n): 0.1 and 2 / 11.
    averaged = 0.1 * 1 + 0.9 * first
    averaged = 2 / 11 * averaged + 9 / 11 * second
    assert trained.ema["weight"].item() == pytest.approx(averaged, rel=1e-5)
    rows = read_stats(trained.stats_path)
    assert [row["images_seen"] for row in rows] == [2, 4]
    assert rows[0] == {"images_seen": 2, "learning_rate": 0.05, "loss": 1.0, "gradient_norm": 2.0}
    assert trained.images_seen == 4
    assert trained.seconds > 0


def test_gradient_is_clipped_before_the_step(tmp_path: Path) -> None:
    config = TrainConfig(num_images=2, batch_size=2, learning_rate=0.1, clip_norm=1e-9)
    recipe, module = quadratic(config)
    train(recipe, config, 0, tmp_path, CPU)
    # A gradient of 1e-9 is below Adam's epsilon of 1e-8: a tenth of the usual step, or less.
    assert 0.98 < module.weight.item() < 1


def test_no_images_leaves_the_weights(tmp_path: Path) -> None:
    config = TrainConfig(num_images=0)
    recipe, _ = quadratic(config)
    trained = train(recipe, config, 0, tmp_path / "state", CPU)
    assert trained.ema["weight"].item() == 1
    assert trained.stats_path.read_bytes() == b""


def test_longer_training_goes_on_and_shorter_is_refused(tmp_path: Path) -> None:
    short = TrainConfig(num_images=4, batch_size=2, learning_rate=0.1)
    train(quadratic(short)[0], short, 0, tmp_path, CPU)
    longer = dataclasses.replace(short, num_images=8)
    trained = train(quadratic(longer)[0], longer, 0, tmp_path, CPU)
    assert trained.images_seen == 8
    assert len(trained.stats_path.read_text().splitlines()) == 4
    with pytest.raises(IdfsrError, match=r"found 8 images seen, wanted toy\.num_images, 4"):
        train(quadratic(short)[0], short, 0, tmp_path, CPU)


@pytest.mark.parametrize(
    ("seed", "changes", "settings", "name"),
    [
        (1, {}, {}, "seed"),
        (0, {"learning_rate": 0.2}, {}, "toy.learning_rate"),
        (0, {"batch_size": 1}, {}, "toy.batch_size"),
        (0, {}, {"data": "new"}, "data"),
    ],
)
def test_state_of_another_training_is_refused(
    tmp_path: Path, seed: int, changes: dict[str, float], settings: dict[str, str], name: str
) -> None:
    config = TrainConfig(num_images=4, batch_size=2, learning_rate=0.1)
    train(quadratic(config)[0], config, 0, tmp_path, CPU)
    other = dataclasses.replace(config, **changes)
    recipe = dataclasses.replace(quadratic(other)[0], settings=settings)
    with pytest.raises(IdfsrError, match=f"found a training with {name} "):
        train(recipe, other, seed, tmp_path, CPU)


def test_loss_that_is_not_finite_stops_at_its_step(tmp_path: Path) -> None:
    config = TrainConfig(num_images=8, batch_size=2, learning_rate=0.1)
    recipe, module = quadratic(config)
    batches = [torch.ones(2, 1), torch.full((2, 1), float("inf"))]
    recipe = dataclasses.replace(recipe, batch_at=lambda seen: batches[seen // 2])
    with pytest.raises(IdfsrError, match="in the step that ends at 4 images, wanted finite"):
        train(recipe, config, 0, tmp_path, CPU)
    assert module.weight.isfinite().all()


def test_sigterm_saves_and_leaves_with_its_own_status(tmp_path: Path) -> None:
    config = TrainConfig(num_images=8, batch_size=2, learning_rate=0.1)
    recipe, _ = quadratic(config)

    def batch_at(images_seen: int) -> Tensor:
        if images_seen == 4:
            signal.raise_signal(signal.SIGTERM)
        return torch.ones(2, 1)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(InterruptedTrainingError) as caught:
        train(dataclasses.replace(recipe, batch_at=batch_at), config, 0, tmp_path, CPU)
    assert caught.value.code == EXIT_INTERRUPTED == 75
    assert signal.getsignal(signal.SIGTERM) is before
    assert torch.load(tmp_path / "state.pt")["images_seen"] == 6


def test_bfloat16_autocast_reaches_the_loss(tmp_path: Path) -> None:
    config = TrainConfig(num_images=2, batch_size=2, precision="bfloat16")
    recipe, module = quadratic(config)
    seen = []

    def loss(batch: Tensor, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        seen.append(module(batch).dtype)
        return module(batch).float().mean(), {}

    trained = train(dataclasses.replace(recipe, loss=loss), config, 0, tmp_path, CPU)
    assert seen == [torch.bfloat16]
    assert trained.ema["weight"].dtype == torch.float32


def float16_config(num_images: int) -> TrainConfig:
    return TrainConfig(num_images=num_images, batch_size=2, learning_rate=0.1, precision="float16")


def overflowing(config: TrainConfig, factors: dict[int, float]) -> tuple[Recipe, nn.Linear]:
    """The quadratic, whose loss is multiplied after so many images; float16 ends at 65504."""
    recipe, module = quadratic(config)

    def batch_at(images_seen: int) -> tuple[Tensor, float]:
        return torch.ones(2, 1), factors.get(images_seen, 1.0)

    def loss(batch: Any, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        rows, factor = batch
        return module(rows).float().square().mean() * factor, {}

    return dataclasses.replace(recipe, batch_at=batch_at, loss=loss), module


def test_step_that_overflows_is_skipped_and_counted(tmp_path: Path) -> None:
    """The gradient is 2 at first; float16 ends at 65504: scales of 2^16 and 2^15 are too much."""
    config = float16_config(8)
    recipe, module = overflowing(config, {})
    weights = []
    loss = recipe.loss

    def watched(batch: Any, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        weights.append(module.weight.item())
        return loss(batch, generator)

    trained = train(dataclasses.replace(recipe, loss=watched), config, 0, tmp_path, CPU)
    rows = read_stats(trained.stats_path)
    assert [row["num_skipped"] for row in rows] == [1, 2, 2, 2]
    assert [row["loss_scale"] for row in rows] == [2.0**16, 2.0**15, 2.0**14, 2.0**14]
    assert rows[1]["gradient_norm"] is None
    assert rows[2]["gradient_norm"] == pytest.approx(2, rel=1e-3)
    assert weights == pytest.approx([1, 1, 1, 0.9], rel=1e-3)
    assert trained.ema["weight"].dtype == torch.float32


def test_scale_is_resumed(tmp_path: Path) -> None:
    factors = {0: 1e3, 6: 1e3}
    whole = train(overflowing(float16_config(12), factors)[0], float16_config(12), 0, tmp_path, CPU)
    for num_images in (2, 8, 12):
        config = float16_config(num_images)
        parts = train(overflowing(config, factors)[0], config, 0, tmp_path / "parts", CPU)
    assert parts.stats_path.read_bytes() == whole.stats_path.read_bytes()
    assert torch.equal(parts.ema["weight"], whole.ema["weight"])


def test_gradient_that_no_scale_makes_finite_stops(tmp_path: Path) -> None:
    """After 17 halvings nothing is left of the scale; a loss beyond float32 stops at once."""
    config = float16_config(200)
    recipe, module = overflowing(config, dict.fromkeys(range(0, 200, 2), 1e38))
    with pytest.raises(IdfsrError, match=r"'gradient_norm': .* in the step that ends at 34 images"):
        train(recipe, config, 0, tmp_path / "gradient", CPU)
    assert module.weight.item() == 1
    recipe, _ = overflowing(config, {2: float("inf")})
    with pytest.raises(IdfsrError, match=r"'loss': inf.* in the step that ends at 4 images"):
        train(recipe, config, 0, tmp_path / "loss", CPU)


def test_waiting_for_batches_is_measured(tmp_path: Path) -> None:
    config = TrainConfig(num_images=4, batch_size=2)
    recipe, _ = quadratic(config)

    def batch_at(_: int) -> Tensor:
        time.sleep(0.01)
        return torch.ones(2, 1)

    trained = train(dataclasses.replace(recipe, batch_at=batch_at), config, 0, tmp_path, CPU)
    assert trained.waited_seconds is not None
    assert 0.02 <= trained.waited_seconds < trained.seconds


def test_training_goes_on_while_its_state_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first state is written when the step after it asks for its batch."""
    config = TrainConfig(num_images=8, batch_size=2, checkpoint_images=4)
    recipe, _ = quadratic(config)
    asked = threading.Event()
    saved: list[int] = []

    def batch_at(images_seen: int) -> Tensor:
        if images_seen == 4:
            asked.set()
        return torch.ones(2, 1)

    def save_late(path: Path, state: TrainState) -> None:
        assert asked.wait(60)
        saved.append(state.images_seen)
        save_state(path, state)

    monkeypatch.setattr("idfsr.training.checkpoint.save_state", save_late)
    train(dataclasses.replace(recipe, batch_at=batch_at), config, 0, tmp_path, CPU)
    assert saved == [4, 8]


def test_learning_rate_ramp() -> None:
    config = TrainConfig(learning_rate=0.2, warmup_images=100)
    assert learning_rate_at(25, config) == 0.05
    assert learning_rate_at(100, config) == 0.2
    assert learning_rate_at(10**6, config) == 0.2
    assert learning_rate_at(1, TrainConfig(learning_rate=0.2)) == 0.2


def test_learning_rate_falls_as_one_over_the_square_root() -> None:
    config = TrainConfig(learning_rate=0.2, decay_images=100)
    assert learning_rate_at(50, config) == 0.2
    assert learning_rate_at(100, config) == 0.2
    assert learning_rate_at(400, config) == 0.1


def test_sigusr1_asks_for_a_requeue_as_sigterm_does(tmp_path: Path) -> None:
    stopped = run_process(tmp_path, 24, signal.SIGUSR1)
    assert stopped.returncode == EXIT_INTERRUPTED
    assert torch.load(tmp_path / "state.pt")["images_seen"] == 28


@pytest.mark.slow
def test_killed_at_twenty_random_steps_is_bit_identical(tmp_path: Path) -> None:
    """Each time the training goes on from its last checkpoint, up to the next kill."""
    unbroken = run_toy(tmp_path / "unbroken", toy_recipe())
    places = np.random.default_rng(0).choice(np.arange(0, 96, 4), 20, replace=False)
    num_killed = 0
    for place in sorted(places.tolist()):
        killed = run_process(tmp_path / "broken", place, signal.SIGKILL)
        num_killed += killed.returncode == -signal.SIGKILL
    assert num_killed == 20
    resumed = run_toy(tmp_path / "broken", toy_recipe())
    assert resumed.stats_path.read_bytes() == unbroken.stats_path.read_bytes()
    for key, tensor in unbroken.ema.items():
        assert torch.equal(resumed.ema[key], tensor), key
