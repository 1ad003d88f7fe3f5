import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from safetensors.torch import load_file

from idfsr.config.lr_detector import LrDetectorConfig
from idfsr.config.model import ModelConfig
from idfsr.config.shards import ShardsConfig
from idfsr.config.training import TrainConfig
from idfsr.faces.low_resolution import load_lr_detector
from idfsr.io.finished import outputs_in_place
from idfsr.io.history import read_history
from idfsr.main import main
from idfsr.models.attributes import load_attributes
from idfsr.models.id_encoder import load_id_encoder
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.published import load_network, save_network
from idfsr.run.config import Config, stage_json
from idfsr.run.networks import file_arguments
from idfsr.sealed_json import seal
from idfsr.training.card import read_card
from idfsr.training.networks import find_network, network_names
from idfsr.training.networks.train import find_training
from tests.faces.face_tree import make_face_tree
from tests.methods.template_detector import TEMPLATE
from tests.training.makers import (
    write_crops,
    write_landmarks_68,
    write_pretrain_shard,
    write_test_shard,
)
from tests.training.networks.tiny import use_tiny_networks

FIGURES = {
    "arcface": "rank 1 among 2 at 112 px",
    "attributes": "accuracy, expression",
    "landmarks68": "error, x16",
    "vqgan": "codes used",
    "lr_detector": "x8, fine-tuned",
    "prior": "squared error of eps",
    "dr2_enhancer": "## Loss",  # it has no figures
}
"""What the card of each network says beside its facts; the others' PSNR."""


def write_files(folder: Path, reads: str) -> dict[str, str | list[str]]:
    """Write what a network reads, and return it by the names of the arguments."""
    if reads == "photographs":
        shutil.rmtree(folder / "photographs", ignore_errors=True)
        tree = make_face_tree(folder / "photographs")
        return {
            "split": str(tree.split),
            "manifest": str(tree.manifest),
            "landmarks": [*map(str, tree.landmarks)],
            "root": str(tree.root),
            "assets": ".assets",
        }
    if reads == "crops":
        return {"crops": str(write_crops(folder / "crops.parquet", 20, 2))}
    size = 64 if reads == "marked_faces" else 32
    files: dict[str, str | list[str]] = {
        "shards": str(write_pretrain_shard(folder / f"pretrain-{size}.parquet", size=size)),
        "held_out": str(write_test_shard(folder / f"test-{size}.parquet", size=size)),
    }
    if reads == "marked_faces":
        files["truth"] = str(write_landmarks_68(folder / "truth.parquet", range(10)))
    return files


def made(folder: Path, name: str) -> dict[str, str]:
    """Return what a training makes, by the names of the arguments."""
    return {
        "weights": str(folder / f"{name}.safetensors"),
        "stats": str(folder / f"{name}.jsonl"),
        "card": str(folder / f"{name}.md"),
    }


def settings_of(name: str, num_images: int) -> Config:
    """Return a run that trains the network on a few images."""
    if name != "lr_detector":
        return Config(networks={name: TrainConfig(num_images=num_images, batch_size=4)})
    return Config(
        shards=ShardsConfig(image_size=128),
        model=ModelConfig(image_size=128),
        lr_detector=LrDetectorConfig(image_size=64, num_images=num_images, batch_size=4),
    )


def train(folder: Path, name: str, num_images: int = 8, **other_files: str) -> None:
    """Train a network with what is trained before it, if that is wanted, there."""
    config = settings_of(name, num_images)
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(stage_json(config, f"train-{name}"))
    network = find_network(name)
    files = write_files(folder, network.reads)
    if network.first:
        first = made(folder, network.first)
        files |= {"first": first["weights"], "first_card": first["card"]}
    files |= {"config": str(folder / "config.json"), "state_dir": str(folder / "state")}
    if network.tabulated:
        files["table"] = str(folder / f"{name}.csv")
    given = files | made(folder, name) | other_files
    main(["train", name, *file_arguments((key, path) for key, path in given.items() if path)])


def save_template_detector(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a detector that finds the same landmarks in every image, and its card."""
    template = torch.from_numpy(TEMPLATE / 512).float()
    monkeypatch.setattr(
        Landmarks68Net, "forward", lambda _, images: template.expand(len(images), 68, 2)
    )
    path, sizes = folder / "landmarks68.safetensors", Landmarks68Config(image_size=32)
    save_network(path, Landmarks68Net(sizes), sizes)
    history = {"title": "68 landmarks", "num_parameters": 1, "images_seen": 1, "minutes": 1.0}
    path.with_suffix(".md").write_text(f"---\n{yaml.safe_dump(seal(history))}---\n")


def load(name: str, path: Path) -> torch.nn.Module:
    """Load a network as those do that use it."""
    if name == "arcface":
        return load_id_encoder(path).network
    if name == "attributes":
        return load_attributes(path)
    if name == "lr_detector":
        return load_lr_detector(path, torch.device("cpu")).network
    training = find_training(name)
    return load_network(training.make, training.sizes, path, find_network(name).title)


@pytest.mark.parametrize("name", network_names())
def test_train_and_embed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    use_tiny_networks(monkeypatch)
    network = find_network(name)
    if network.first == "landmarks68":
        save_template_detector(tmp_path, monkeypatch)
    elif network.first:
        train(tmp_path, network.first)
    train(tmp_path, name)
    loaded = load(name, tmp_path / f"{name}.safetensors")
    lines = (tmp_path / f"{name}.jsonl").read_text().splitlines()
    assert [json.loads(line)["images_seen"] for line in lines] == [4, 8]
    history, text = read_card(tmp_path / f"{name}.md"), (tmp_path / f"{name}.md").read_text()
    assert history.title == network.title
    assert history.images_seen == (16 if name == "codeformer" else 8), "stages of a network add up"
    assert history.num_parameters == sum(p.numel() for p in loaded.parameters())
    num_held_out = 1 if name == "lr_detector" else 2
    assert f"| identities held out | {num_held_out} |" in text
    assert f"| loss | {network.objective} |" in text
    assert FIGURES.get(name, "PSNR") in text
    assert all(f"- {limit}" in text for limit in network.limits)
    assert outputs_in_place(tmp_path / "state")

    embedded = tmp_path / "embedded.safetensors"
    arguments = {"embedded": str(embedded), "digest": str(tmp_path / "digest")}
    arguments |= {key: made(tmp_path, name)[key] for key in ("weights", "card")}
    main(["embed", *file_arguments(arguments.items())])
    assert read_history(embedded) == history
    for key, value in load(name, embedded).state_dict().items():
        torch.testing.assert_close(value, loaded.state_dict()[key], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", ["arcface", "attributes", "landmarks68", "lr_detector", "prior"])
def test_again_makes_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    use_tiny_networks(monkeypatch)
    train(tmp_path, name)
    before = (tmp_path / f"{name}.safetensors").read_bytes()
    train(tmp_path, name)
    assert (tmp_path / f"{name}.safetensors").read_bytes() == before


def test_lr_detector_makes_a_table_and_begins_with_other_weights(tmp_path: Path) -> None:
    train(tmp_path / "first", "lr_detector")
    errors = pd.read_csv(tmp_path / "first/lr_detector.csv")
    assert errors.columns.tolist() == [
        "detector", "scale_factor", "num_images", "found", "nme", "nme_p90",
    ]  # fmt: skip
    assert set(errors["detector"]) == {"stock", "fine-tuned"}
    assert errors["found"].between(0, 1).all()
    first = tmp_path / "first/lr_detector.safetensors"
    train(tmp_path / "further", "lr_detector", num_images=0, init=str(first))
    further = load_file(tmp_path / "further/lr_detector.safetensors")
    assert all(torch.equal(further[key], value) for key, value in load_file(first).items())


def test_wrong_start_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = write_crops(tmp_path / "crops.parquet", 1, 1)
    with pytest.raises(SystemExit) as caught:
        train(tmp_path, "lr_detector", init=str(wrong))
    assert caught.value.code == 2
    assert "crops.parquet: cut short, or not a file of PyTorch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "other_files", "words"),
    [
        ("arcface", {"table": "a"}, "arcface: found --crops --table, wanted --crops"),
        ("prior", {"init": "a"}, "prior: found --shards --held-out --init, wanted --shards --hel"),
        ("lr_detector", {"table": ""}, "--root --assets, wanted --split --manifest --landmarks"),
        (
            "arcface",
            {"shards": "a"},
            "arcface: found --crops --shards, wanted --crops",
        ),
        (
            "codeformer",
            {"first_card": ""},
            "found --shards --held-out --first, wanted --shards --held-out --first --first-card of",
        ),
    ],
)
def test_other_files_are_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    other_files: dict[str, str],
    words: str,
) -> None:
    with pytest.raises(SystemExit) as caught:
        train(tmp_path, name, **other_files)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["arcface", "attributes"])
def test_too_few_people_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        train(tmp_path, name, crops=str(write_crops(tmp_path / "few.parquet", 3, 2)))
    assert caught.value.code == 2
    assert "few.parquet: found 3 identities, wanted" in capsys.readouterr().err


def test_unknown_landmarks_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_landmarks_68(tmp_path / "few.parquet", range(2))
    with pytest.raises(SystemExit) as caught:
        train(tmp_path, "landmarks68", truth=str(truth))
    assert caught.value.code == 2
    assert "few.parquet: found no landmarks of 00002/0, wanted" in capsys.readouterr().err
