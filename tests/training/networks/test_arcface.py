import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from idfsr.config.networks import NetworkStage
from idfsr.config.training import TrainConfig
from idfsr.training.networks.arcface import LOGIT_SCALE, MARGIN
from idfsr.training.networks.arcface import training as arcface
from idfsr.training.networks.arcface.training import (
    MARGIN_RAMP_IMAGES,
    ArcFaceTraining,
    margin_at,
    margin_logits,
    measure_recognition,
)
from idfsr.training.networks.train import train_network
from tests.training.makers import write_crops


def test_margin_by_hand() -> None:
    """theta 60 degrees and a margin of 30: cos 90 = 0. Others keep their cosine."""
    cosines = torch.tensor([[0.5, 0.25, -0.75]])
    logits = margin_logits(cosines, torch.tensor([0]), math.pi / 6)
    torch.testing.assert_close(
        logits, LOGIT_SCALE * torch.tensor([[0.0, 0.25, -0.75]]), atol=1e-4, rtol=0
    )


def test_margin_matches_the_angles_and_falls_throughout() -> None:
    theta = torch.linspace(0.01, math.pi - 0.01, 200, dtype=torch.float64)
    cosines = theta.cos()[:, None]
    logits = margin_logits(cosines, torch.zeros(200, dtype=torch.int64), 0.4)[:, 0] / LOGIT_SCALE
    inside = theta < math.pi - 0.4
    torch.testing.assert_close(logits[inside], (theta[inside] + 0.4).cos())
    assert (logits.diff() < 0)[inside[1:]].all()
    assert (logits.diff()[~inside[1:]] < 0).all()


def test_gradient_is_finite_at_the_ends() -> None:
    cosines = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], requires_grad=True)
    margin_logits(cosines, torch.tensor([0, 0]), 0.4).sum().backward()
    assert cosines.grad is not None
    assert cosines.grad.isfinite().all()


def test_margin_ramp() -> None:
    assert margin_at(0) == 0
    assert margin_at(MARGIN_RAMP_IMAGES // 2) == pytest.approx(MARGIN / 2)
    assert margin_at(10 * MARGIN_RAMP_IMAGES) == MARGIN


def test_cosines_ignore_lengths() -> None:
    vector = torch.zeros(1, 512)
    vector[0, 0], vector[0, 1] = 30.0, 40.0

    class Fixed(nn.Module):
        def forward(self, _: torch.Tensor) -> torch.Tensor:
            return vector

    module = ArcFaceTraining(Fixed(), 2)
    module.centres.data = torch.zeros(2, 512)
    module.centres.data[0, 0], module.centres.data[1, 1] = 5.0, 0.1
    torch.testing.assert_close(module(torch.zeros(1, 3, 112, 112)), torch.tensor([[0.6, 0.8]]))


def test_recognition_by_hand() -> None:
    """Two people; one probe is nearer to the other person's first crop."""
    degrees = torch.tensor([0.0, 10.0, 90.0, 35.0])
    embeddings = torch.stack([torch.cos(degrees.deg2rad()), torch.sin(degrees.deg2rad())], dim=1)
    embeddings = torch.cat([embeddings, torch.zeros(4, 510)], dim=1)
    found = measure_recognition(embeddings, np.array(["a", "a", "b", "b"]))
    assert found.rank_1 == 0.5
    # Angles of one person: 10, 55; of two: 90, 35, 80, 25. 10 beats all four, 55 two of them.
    assert found.auc == 6 / 8
    assert found.num_identities == 2


def test_auc_counts_ties_as_half() -> None:
    embeddings = torch.zeros(4, 512)
    embeddings[:, 0] = 1
    assert measure_recognition(embeddings, np.array([0, 0, 1, 1])).auc == 0.5


@pytest.mark.slow
def test_toy_people_are_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arcface, "MARGIN_RAMP_IMAGES", 64)
    settings = TrainConfig(
        num_images=256, batch_size=16, learning_rate=1e-3, ema_decay=0.9, checkpoint_images=999
    )
    files = {"crops": [write_crops(tmp_path / "crops.parquet", 20, 3)]}
    config = NetworkStage(seed=0, network=settings)
    result = train_network("arcface", config, files, None, tmp_path / "state", torch.device("cpu"))
    card = result.card
    assert card.figures["rank 1 among 2 at 112 px"] == "1.000"
    assert card.data["identities trained on"] == "18"
    for key, tensor in result.network.state_dict().items():
        assert torch.equal(result.trained.ema[f"encoder.{key}"], tensor)
