import json
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.config.lr_detector import LrDetectorConfig
from idfsr.config.lr_training import LrDetectorStage
from idfsr.config.model import ModelConfig
from idfsr.config.shards import ShardsConfig
from idfsr.dataset.sharding import read_split_rows
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detections, Detector
from idfsr.faces.targets import read_faces
from idfsr.faces.weights import build_network, read_stock_weights
from idfsr.run.config import Config, stage_settings
from idfsr.training.lr_detector import choose_images, fine_tune, measure_errors, train_lr_detector
from idfsr.training.lr_faces import FaceSet

from ..faces.face_tree import make_face, make_face_tree  # noqa: TID252

CPU = torch.device("cpu")
STOCK = read_stock_weights(Path(".assets"))


def make_config(num_steps: int) -> LrDetectorStage:
    return stage_settings(
        Config(
            shards=ShardsConfig(image_size=128),
            model=ModelConfig(image_size=128),
            lr_detector=LrDetectorConfig(image_size=64, num_steps=num_steps, batch_size=4),
        ),
        "lr_detector",
    )


def make_faces(indices: range) -> FaceSet:
    images, landmarks, boxes = zip(*(make_face(index) for index in indices), strict=True)
    return FaceSet(list(images), np.float32(boxes), np.float32(landmarks))


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
    config = make_config(12)
    faces = make_faces(range(6))
    networks = [build_network("mobilenet0.25", STOCK, "stock") for _ in range(2)]
    for network in networks:
        progress = fine_tune(network, faces, config, tmp_path / "stats.jsonl", CPU)
    losses = [json.loads(line)["loss"] for line in progress.stats_path.read_text().splitlines()]
    assert len(losses) == 12
    assert progress.images_seen == 12 * config.lr_detector.batch_size
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


def test_no_step_changes_nothing(tmp_path: Path) -> None:
    network = build_network("mobilenet0.25", STOCK, "stock")
    fine_tune(network, make_faces(range(2)), make_config(0), tmp_path / "stats.jsonl", CPU)
    assert all(torch.equal(tensor, STOCK[name]) for name, tensor in network.state_dict().items())


def test_errors_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = make_faces(range(2))
    eyes = np.linalg.norm(faces.landmarks[:, 0] - faces.landmarks[:, 1], axis=1)

    shifts = (eyes[0] * 0.1, eyes[1] * 0.3)
    missed = [
        Detections(np.zeros((1, 4)), np.array([score]), points[None] + np.array([shift, 0]))
        for points, score, shift in zip(faces.landmarks, (0.9, 0.2), shifts, strict=True)
    ]
    monkeypatch.setattr("idfsr.training.lr_detector.detect_low_resolution", lambda *_: missed)
    detector = Detector(build_network("mobilenet0.25", STOCK, "stock"), 0.0, CPU)
    table = measure_errors(detector, faces, make_config(0), "stock")
    assert [row["scale_factor"] for row in table] == [4, 8, 16, 32]
    assert table[0]["detector"] == "stock"
    assert table[0]["num_images"] == 2
    assert table[0]["found"] == 0.5
    assert table[0]["nme"] == pytest.approx(0.2, rel=1e-3)
    assert table[0]["nme_p90"] == pytest.approx(0.28, rel=1e-3)  # between 0.1 and 0.3


def test_table_compares_both_detectors(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    stock, network = (build_network("mobilenet0.25", STOCK, "stock") for _ in range(2))
    known = read_faces(tree.manifest, tree.landmarks, tree.root)
    stats = tmp_path / "stats.jsonl"
    table, card = train_lr_detector(
        network, stock, read_split_rows(tree.split), known, make_config(1), stats, CPU
    )
    assert f"x4, {table['detector'][0]}" in card.figures
    assert table["detector"].tolist() == ["stock"] * 4 + ["fine-tuned"] * 4
    assert table["scale_factor"].tolist() == [4, 8, 16, 32] * 2
    assert table["num_images"].tolist() == [3] * 8
    assert table["nme"].iloc[0] != table["nme"].iloc[4]
