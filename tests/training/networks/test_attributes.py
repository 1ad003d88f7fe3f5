import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from idfsr.config.networks import NetworkStage
from idfsr.config.training import TrainConfig
from idfsr.errors import IdfsrError
from idfsr.models.attributes import AttributeNet
from idfsr.training.networks.attributes.training import (
    LabelledData,
    attributes_loss,
    encode_labels,
    measure_errors,
    multitask_loss,
    take_ages,
)
from idfsr.training.networks.crops import Crops, read_crops
from idfsr.training.networks.train import train_network
from tests.training.makers import write_crops


def some_crops(num: int = 2) -> Crops:
    labels = pd.DataFrame(
        {
            "identity": ["a", "b"],
            "image": ["0", "0"],
            "age_years": np.array([30, 50], np.float32),
            "gender": ["female", "male"],
            "expression": ["neutral", "angry"],
        }
    )
    return Crops(pixels=np.zeros((num, 112, 112, 3), np.uint8), labels=labels[:num])


def test_labels_by_hand() -> None:
    encoded = encode_labels(some_crops(), Path("crops.parquet"))
    assert encoded.tolist() == [[30, 0, 6], [50, 1, 0]]


def test_unknown_word_is_refused() -> None:
    crops = some_crops()
    crops.labels.loc[1, "gender"] = "elf"
    with pytest.raises(
        IdfsrError, match=r"crops\.parquet: found gender 'elf', wanted one of femal"
    ):
        encode_labels(crops, Path("crops.parquet"))


def test_loss_by_hand() -> None:
    network = AttributeNet()
    network.age_mean.fill_(40)
    network.age_std.fill_(10)
    targets = torch.tensor([[50.0, 1, 6], [10, 0, 0]])
    outputs = {
        "age": torch.tensor([[0.5], [0.0]]),  # errors 0.5 and 3: 0.125 and 2.5
        "gender": torch.zeros(2, 2),
        "expression": torch.zeros(2, 7),
    }
    total, parts = multitask_loss(outputs, targets, network)
    assert parts["age"].item() == pytest.approx((0.125 + 2.5) / 2)
    for name, num in (("gender", 2), ("expression", 7)):
        assert parts[name].item() == pytest.approx(np.log(num))
    assert total.item() == pytest.approx(1.3125 + np.log(2 * 7))


def test_scale_of_the_age_is_that_of_the_data(tmp_path: Path) -> None:
    crops = read_crops(write_crops(tmp_path / "crops.parquet", 3, 1))
    network = AttributeNet()
    targets = torch.tensor([[20.0, 0, 0], [30, 0, 0], [40, 0, 0]])
    data = LabelledData(
        inside=crops,
        outside=crops,
        targets=targets,
        truth=targets,
        sizes=(112,),
        seed=0,
        digest="",
    )
    take_ages(network, None, data)
    assert network.age_mean.item() == 30
    assert network.age_std.item() == pytest.approx((200 / 3) ** 0.5)
    loss, parts = attributes_loss(network, None)(data.reader(2)(0), torch.Generator())
    assert loss.item() == pytest.approx(sum(part.item() for part in parts.values()), rel=1e-5)


def test_figures_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "age": torch.tensor([33.0, 45.0]),
        "gender": torch.tensor([0, 1]),
        "expression": torch.tensor([6, 3]),
    }
    network = AttributeNet()
    monkeypatch.setattr(network, "predict", lambda _: answers)
    crops = some_crops()
    figures = measure_errors(network, crops, encode_labels(crops, Path("x")))
    assert figures == {"age": 4.0, "gender": 1.0, "expression": 0.5}


@pytest.mark.slow
def test_toy_labels_are_learnt(tmp_path: Path) -> None:
    settings = TrainConfig(
        num_images=480, batch_size=16, learning_rate=2e-3, ema_decay=0.9, checkpoint_images=999
    )
    files = {"crops": [write_crops(tmp_path / "crops.parquet", 20, 2)]}
    config = NetworkStage(seed=0, network=settings)
    result = train_network(
        "attributes", config, files, None, tmp_path / "state", torch.device("cpu")
    )
    network, trained, card = result.network, result.trained, result.card
    assert isinstance(network, AttributeNet)
    assert "years" in card.figures["mean error of the age"]
    assert torch.equal(network.age_mean, trained.ema["age_mean"])
    losses = [json.loads(line)["loss"] for line in trained.stats_path.read_text().splitlines()]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
