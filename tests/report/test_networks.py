from pathlib import Path

import torch

from idfsr.io.history import HISTORY, History
from idfsr.models.weights import count_parameters, dump_settings, save_weights
from idfsr.report.networks import describe_networks, list_networks


def test_networks_that_say_how_they_were_trained_are_described(tmp_path: Path) -> None:
    network = torch.nn.Linear(999, 1000)
    history = History(
        title="A prior", num_parameters=count_parameters(network), images_seen=60000, minutes=45.4
    )
    save_weights(tmp_path / "a.safetensors", network, {HISTORY: dump_settings(history)})
    save_weights(tmp_path / "b.safetensors", network, {})
    networks = list_networks([tmp_path / "a.safetensors", tmp_path / "b.safetensors"])
    assert networks.to_dict("records") == [vars(history)]
    assert describe_networks(networks) == [
        "Trained here: A prior, 1.00 million parameters, 60,000 images in 45 minutes."
    ]


def test_without_such_networks_there_is_no_footnote(tmp_path: Path) -> None:
    save_weights(tmp_path / "a.safetensors", torch.nn.Linear(1, 1), {})
    assert describe_networks(list_networks([tmp_path / "a.safetensors"])) == []
