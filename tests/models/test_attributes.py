from pathlib import Path

import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.models.attributes import AttributeConfig, AttributeNet, load_attributes, save_attributes
from idfsr.models.weights import dump_settings, halve_precision, save_weights


@pytest.fixture
def network() -> AttributeNet:
    return AttributeNet().eval()


def test_heads_have_the_classes(network: AttributeNet) -> None:
    outputs = network(torch.zeros(2, 3, 112, 112))
    assert {name: tuple(output.shape) for name, output in outputs.items()} == {
        "age": (2, 1), "gender": (2, 2), "expression": (2, 7),
    }  # fmt: skip


def test_network_is_small(network: AttributeNet) -> None:
    assert sum(parameter.numel() for parameter in network.parameters()) < 600_000


def test_predict_gives_years_and_indices(network: AttributeNet) -> None:
    for head in network.heads.values():
        torch.nn.init.zeros_(head.weight)
    network.heads["age"].bias.data = torch.tensor([0.5])
    network.heads["gender"].bias.data = torch.tensor([0.0, 1.0])
    network.heads["expression"].bias.data = torch.tensor([0.0, 0, 0, 2, 0, 1, 0])
    network.age_mean.fill_(40)
    network.age_std.fill_(12)
    found = network.predict(torch.rand(2, 3, 112, 112))
    assert {name: values.tolist() for name, values in found.items()} == {
        "age": [46.0, 46.0], "gender": [1, 1], "expression": [3, 3],
    }  # fmt: skip


def test_round_trip_keeps_the_scale_of_the_age(tmp_path: Path, network: AttributeNet) -> None:
    path = tmp_path / "attributes.safetensors"
    network.age_mean.fill_(37.5)
    network.age_std.fill_(11.25)
    save_attributes(path, network)
    halve_precision(path, path, {})
    loaded = load_attributes(path, "cpu")
    assert not loaded.training
    crops = torch.rand(2, 3, 112, 112) * 2 - 1
    torch.testing.assert_close(
        loaded.predict(crops)["age"], network.predict(crops)["age"], rtol=0, atol=0.1
    )
    assert loaded.age_mean == 37.5


def test_other_classes_are_refused(tmp_path: Path, network: AttributeNet) -> None:
    path = tmp_path / "attributes.safetensors"
    other = dump_settings(AttributeConfig(gender=("male", "female")))
    save_weights(path, network, {"attributes": other})
    with pytest.raises(IdfsrError, match=r"classes found: .*'male', 'female'.*; wanted"):
        load_attributes(path)
