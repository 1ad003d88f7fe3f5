import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.config.lr_detector import LrDetectorConfig, LrDetectorStage
from idfsr.config.model import ModelConfig
from idfsr.config.shards import ShardsConfig
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detections, Detector
from idfsr.faces.retinaface import RetinaFace
from idfsr.faces.weights import build_network, read_stock_weights
from idfsr.run.config import Config, stage_json, stage_settings
from idfsr.run.networks import file_arguments
from idfsr.training.loop import Trained
from idfsr.training.loop import train as run_loop
from idfsr.training.networks.lr_detector.faces import FaceSet, LrReader
from idfsr.training.networks.lr_detector.training import (
    FixedNorms,
    choose_images,
    lr_detector_loss,
    measure_errors,
)
from idfsr.training.networks.train import train_network
from idfsr.training.step import Recipe
from tests.faces.face_tree import FaceTree, make_face, make_face_tree

CPU = torch.device("cpu")
STOCK = read_stock_weights(Path(".assets"))


def make_run(num_images: int, checkpoint_images: int = 999) -> Config:
    return Config(
        shards=ShardsConfig(image_size=128),
        model=ModelConfig(image_size=128),
        lr_detector=LrDetectorConfig(
            image_size=64,
            num_images=num_images,
            batch_size=4,
            checkpoint_images=checkpoint_images,
        ),
    )


def make_config(num_images: int) -> LrDetectorStage:
    return stage_settings(make_run(num_images), "train-lr_detector")


def files_of(tree: FaceTree) -> dict[str, list[Path]]:
    return {
        "split": [tree.split],
        "manifest": [tree.manifest],
        "landmarks": tree.landmarks,
        "root": [tree.root],
        "assets": [Path(".assets").resolve()],
    }


def fine_tune(
    network: RetinaFace, faces: FaceSet, config: LrDetectorStage, folder: Path
) -> Trained:
    """Train a network in place on some faces."""
    settings = config.network
    learner = FixedNorms(network)
    recipe = Recipe(
        name="lr_detector",
        module=learner,
        loss=lr_detector_loss(learner, None),
        batch_at=LrReader(
            faces=faces,
            batch_size=settings.batch_size,
            seed=0,
            search_size=settings.image_size,
        ),
        settings={},
    )
    trained = run_loop(recipe, settings, 0, folder, CPU)
    learner.load_state_dict(trained.ema)
    return trained


def make_faces(indices: range) -> FaceSet:
    images, landmarks, boxes = zip(*(make_face(index) for index in indices), strict=True)
    return FaceSet(list(images), np.float32(boxes), np.float32(landmarks), [])


def test_holds_whole_identities_out() -> None:
    rows = [
        {"identity": f"{index // 3:02d}", "image": str(index), "part": "pretrain"}
        for index in range(90)
    ] + [{"identity": "99", "image": "0", "part": "test"}]
    train, test = choose_images(rows, 60, 0)
    assert len(train) + len(test) == 60
    assert {key[0] for key in test}.isdisjoint(key[0] for key in train)
    assert len({key[0] for key in test}) <= 3
    assert "99" not in {key[0] for key in (*train, *test)}
    assert choose_images(rows[::-1], 60, 0) == (train, test)
    assert choose_images(rows, 60, 1) != (train, test)


def test_one_identity_is_too_few() -> None:
    rows = [{"identity": "a", "image": str(index), "part": "pretrain"} for index in range(5)]
    with pytest.raises(IdfsrError, match="found 1 pretraining identities"):
        choose_images(rows, 60, 0)


def test_training_improves_and_is_repeatable(tmp_path: Path) -> None:
    config = make_config(48)
    faces = make_faces(range(6))
    networks = [build_network("mobilenet0.25", STOCK, "stock") for _ in range(2)]
    for index, network in enumerate(networks):
        trained = fine_tune(network, faces, config, tmp_path / str(index))
    losses = [json.loads(line)["loss"] for line in trained.stats_path.read_text().splitlines()]
    assert len(losses) == 12
    assert trained.images_seen == 48
    states = [network.state_dict() for network in networks]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    # Batch norms keep the statistics that make them the identity.
    assert torch.equal(states[0]["fpn.merge1.1.running_var"], STOCK["fpn.merge1.1.running_var"])
    assert not torch.equal(states[0]["fpn.merge1.1.weight"], STOCK["fpn.merge1.1.weight"])

    stock = build_network("mobilenet0.25", STOCK, "stock")
    errors = [
        np.mean([row["nme"] for row in measure_errors(Detector(x, 0.0, CPU), faces, config, "x")])
        for x in (stock, networks[0])
    ]
    assert errors[1] < 0.7 * errors[0]


def test_no_image_changes_nothing(tmp_path: Path) -> None:
    network = build_network("mobilenet0.25", STOCK, "stock")
    fine_tune(network, make_faces(range(2)), make_config(0), tmp_path)
    assert all(torch.equal(tensor, STOCK[name]) for name, tensor in network.state_dict().items())


def test_killed_and_resumed_makes_the_same_bytes(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    (tmp_path / "config.json").write_text(stage_json(make_run(120, 8), "train-lr_detector"))
    files = {name: [*map(str, paths)] for name, paths in files_of(tree).items()}

    def command(folder: Path) -> list[str]:
        made = {
            "weights": "model.safetensors",
            "table": "errors.csv",
            "stats": "stats.jsonl",
            "card": "card.md",
            "state_dir": "state",
        }
        given = files | {name: str(folder / file) for name, file in made.items()}
        given["config"] = str(tmp_path / "config.json")
        words = file_arguments(given.items())
        return [sys.executable, "-m", "idfsr.main", "train", "lr_detector", *words]

    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run(command(whole), env=environment, check=True, capture_output=True)
    killed = subprocess.Popen(
        command(broken), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while killed.poll() is None and not (broken / "state/state.pt").exists():
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (broken / "model.safetensors").exists()
    resumed = subprocess.run(
        command(broken), env=environment, check=True, capture_output=True, text=True
    )
    assert "lr_detector: resumed at " in resumed.stderr
    for name in ("model.safetensors", "errors.csv", "stats.jsonl"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes(), name
    assert (broken / "state/finished.json").is_file()


def test_errors_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = make_faces(range(2))
    eyes = np.linalg.norm(faces.landmarks[:, 0] - faces.landmarks[:, 1], axis=1)

    shifts = (eyes[0] * 0.1, eyes[1] * 0.3)
    missed = [
        Detections(np.zeros((1, 4)), np.array([score]), points[None] + np.array([shift, 0]))
        for points, score, shift in zip(faces.landmarks, (0.9, 0.2), shifts, strict=True)
    ]
    monkeypatch.setattr(
        "idfsr.training.networks.lr_detector.training.detect_low_resolution", lambda *_: missed
    )
    detector = Detector(build_network("mobilenet0.25", STOCK, "stock"), 0.0, CPU)
    table = measure_errors(detector, faces, make_config(0), "stock")
    assert [row["scale_factor"] for row in table] == [4, 8, 16, 32]
    assert table[0]["detector"] == "stock"
    assert table[0]["num_images"] == 2
    assert table[0]["found"] == 0.5
    assert table[0]["nme"] == pytest.approx(0.2, rel=1e-3)
    assert table[0]["nme_p90"] == pytest.approx(0.28, rel=1e-3)  # between 0.1 and 0.3


def test_table_compares_both_detectors(tmp_path: Path) -> None:
    files = files_of(make_face_tree(tmp_path))
    result = train_network("lr_detector", make_config(4), files, None, tmp_path / "state", CPU)
    table = result.table
    assert table is not None
    assert f"x4, {table['detector'][0]}" in result.card.figures
    assert table["detector"].tolist() == ["stock"] * 4 + ["fine-tuned"] * 4
    assert table["scale_factor"].tolist() == [4, 8, 16, 32] * 2
    assert table["num_images"].tolist() == [3] * 8
    assert table["nme"].iloc[0] != table["nme"].iloc[4]
    assert result.card.data["faces held out"] == "3"
