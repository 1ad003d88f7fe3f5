"""A training of seconds: python toy.py FOLDER [IMAGES TO DIE AT]."""

import os
import signal
import sys
from pathlib import Path

import torch
from torch import Tensor, nn

from idfsr.config.training import TrainConfig
from idfsr.training.loop import Trained, train
from idfsr.training.step import Recipe

CONFIG = TrainConfig(
    num_images=96,
    batch_size=4,
    learning_rate=0.01,
    warmup_images=16,
    ema_decay=0.9,
    checkpoint_images=20,
)


def toy_recipe(die_at: int = -1, number: int = signal.SIGKILL) -> Recipe:
    """A network with dropout, batch statistics and noise in its loss."""
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.5), nn.Conv2d(8, 3, 3)
    )

    def batch_at(images_seen: int) -> Tensor:
        if images_seen == die_at:
            os.kill(os.getpid(), number)
        return torch.full((CONFIG.batch_size, 3, 8, 8), float(images_seen % 5))

    def loss(batch: Tensor, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        noise = torch.randn(batch.shape, generator=generator)
        predicted = module(batch + noise)
        error = (predicted - noise[:, :, 2:-2, 2:-2]).square().mean()
        return error, {"spread": predicted.detach().std()}

    return Recipe(name="toy", module=module, loss=loss, batch_at=batch_at, settings={"data": "abc"})


def run_toy(folder: Path, recipe: Recipe, config: TrainConfig = CONFIG) -> Trained:
    """Train on one thread of the CPU with the state in a folder."""
    torch.set_num_threads(1)
    return train(recipe, config, 7, folder, torch.device("cpu"))


if __name__ == "__main__":
    trained = run_toy(Path(sys.argv[1]), toy_recipe(*map(int, sys.argv[2:])))
    torch.save(trained.ema, Path(sys.argv[1]) / "ema.pt")
