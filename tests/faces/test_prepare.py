from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.config.model import ModelConfig
from idfsr.config.shards import ShardsConfig
from idfsr.faces.align import transform
from idfsr.faces.detector import Detector
from idfsr.faces.mask import face_box
from idfsr.faces.prepare import (
    Networks,
    TargetRow,
    choose_references,
    jitter_landmarks,
    make_lr,
    prepare_rows,
    seeded_generator,
)
from idfsr.faces.targets import read_faces, read_target
from idfsr.io.degradation import degrade
from idfsr.io.images import decode_png
from idfsr.io.shards import SHARD_SCHEMA, read_shard, write_shard
from idfsr.run.config import Config, stage_settings
from tests.conftest import make_image

from .face_tree import make_face_tree

CONFIG = stage_settings(
    Config(
        shards=ShardsConfig(image_size=64, num_references=2, batch_size=2),
        model=ModelConfig(image_size=64),
    ),
    "shards",
)
DAN = [TargetRow("dan", "0", "fit"), TargetRow("dan", "1", "fit"), TargetRow("dan", "2", "test")]
ANN = [TargetRow("ann", str(index), "pretrain") for index in range(3)]


class FakeEncoder:
    """Embeds a crop as some of its own pixels."""

    def __init__(self) -> None:
        self.num_crops = 0

    def embed(self, crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 512"]:
        self.num_crops += len(crops)
        return torch.nn.functional.normalize(crops.flatten(1)[:, 5000:5512])


@pytest.fixture
def networks(stock_detector: Detector) -> Networks:
    return Networks(stock_detector, FakeEncoder().embed)


def test_rows_of_a_test_shard(tmp_path: Path, networks: Networks) -> None:
    tree = make_face_tree(tmp_path)
    faces = read_faces(tree.manifest, tree.landmarks, tree.root)
    rows = list(prepare_rows(DAN, faces, networks, CONFIG, 4))
    assert [(row["image"], row["part"]) for row in rows] == [
        ("0", "fit"), ("1", "fit"), ("2", "test"),
    ]  # fmt: skip
    assert [[reference["image"] for reference in row["references"]] for row in rows[:2]] == [
        ["1"], ["0"],
    ]  # fmt: skip
    assert {reference["image"] for reference in rows[2]["references"]} == {"0", "1"}

    target = read_target(faces, ("dan", "2"), "synthref", 64)
    row = rows[2]
    np.testing.assert_array_equal(decode_png(row["gt_image"]), target.gt_image)
    np.testing.assert_array_equal(decode_png(row["lr_image"]), degrade(target.gt_image, 4))
    np.testing.assert_array_equal(row["landmarks"], target.landmarks.ravel())
    lr_landmarks = np.array(row["lr_landmarks"]).reshape(5, 2)
    assert row["lr_detected"]
    assert 0 < np.abs(lr_landmarks - target.landmarks).mean() < 4
    assert tuple(row["mask_box"]) == face_box(lr_landmarks, 64, 4)
    for reference in row["references"]:
        other = read_target(faces, ("dan", reference["image"]), "synthref", 64)
        moved = transform(np.array(reference["affine"]).reshape(2, 3), other.landmarks)
        assert reference["well_conditioned"]
        assert np.abs(moved - lr_landmarks).mean() < 1.5
        warped = decode_png(reference["warped_ref"])
        assert warped.shape == (64, 64, 3)
        rows_by_image = {row["image"]: row for row in rows}
        np.testing.assert_array_equal(reference["z_id"], rows_by_image[reference["image"]]["z_id"])


def test_every_photograph_is_embedded_once(tmp_path: Path, stock_detector: Detector) -> None:
    encoder = FakeEncoder()
    tree = make_face_tree(tmp_path)
    faces = read_faces(tree.manifest, tree.landmarks, tree.root)
    networks = Networks(stock_detector, encoder.embed)
    list(prepare_rows([*ANN, *DAN], faces, networks, CONFIG, 8))
    assert encoder.num_crops == 6


def test_pretraining_rows_have_jittered_landmarks(tmp_path: Path, networks: Networks) -> None:
    tree = make_face_tree(tmp_path)
    faces = read_faces(tree.manifest, tree.landmarks, tree.root)
    rows = list(prepare_rows(ANN, faces, networks, CONFIG, 8))
    offsets = np.concatenate([row["lr_landmarks"] - row["landmarks"] for row in rows])
    assert 0.6 < offsets.std() / (0.02 * 64) < 1.4
    again = list(prepare_rows(ANN[1:], faces, networks, CONFIG, 8))
    np.testing.assert_array_equal(again[0]["lr_landmarks"], rows[1]["lr_landmarks"])

    exact = replace(CONFIG, shards=replace(CONFIG.shards, landmark_jitter=0.0))
    for row in prepare_rows(ANN, faces, networks, exact, 8):
        np.testing.assert_array_equal(row["lr_landmarks"], row["landmarks"])


def test_images_without_a_reference_are_left_out(
    tmp_path: Path, networks: Networks, caplog: pytest.LogCaptureFixture
) -> None:
    tree = make_face_tree(tmp_path)
    faces = read_faces(tree.manifest, tree.landmarks, tree.root)
    caplog.set_level("INFO")
    rows = list(prepare_rows([TargetRow("bob", "1", "pretrain"), *ANN], faces, networks, CONFIG, 8))
    assert [row["identity"] for row in rows] == ["ann"] * 3
    assert "1 of 4 images have no reference" in caplog.text


def test_rows_fit_the_schema(tmp_path: Path, networks: Networks) -> None:
    tree = make_face_tree(tmp_path)
    faces = read_faces(tree.manifest, tree.landmarks, tree.root)
    path = tmp_path / "test-00000.parquet"
    assert write_shard(prepare_rows(DAN, faces, networks, CONFIG, 16), path, {}) == 3
    table = read_shard([path], part="test")
    assert table.schema.equals(SHARD_SCHEMA)
    assert table["scale_factor"].to_pylist() == [16]


def test_references_depend_on_the_seed_and_not_on_the_order() -> None:
    group = [TargetRow("eve", str(index), "fit") for index in range(8)]
    target = TargetRow("eve", "x", "test")
    chosen = choose_references(target, [*group, target], 3, 0)
    assert len(set(chosen)) == 3
    assert choose_references(target, [target, *group[::-1]], 3, 0) == chosen
    assert any(choose_references(target, group, 3, seed) != chosen for seed in range(1, 5))
    assert set(choose_references(target, group, 20, 0)) == {row.image for row in group}


def test_references_of_fit_images_are_other_fit_images() -> None:
    assert set(choose_references(DAN[0], DAN, 4, 0)) == {"1"}
    assert set(choose_references(DAN[2], DAN, 4, 0)) == {"0", "1"}
    assert set(choose_references(ANN[1], ANN, 4, 0)) == {"0", "2"}


def test_jitter_has_the_deviation_asked_for() -> None:
    landmarks = np.zeros((5, 2), np.float32)
    offsets = np.stack(
        [jitter_landmarks(landmarks, 3.0, seeded_generator(0, index)) for index in range(400)]
    )
    shift = offsets.mean(axis=1, keepdims=True)
    # of five points: their own share of the mean, and what the mean leaves of each
    assert shift.std() == pytest.approx(3.0 * np.sqrt(1 + 1 / 5), rel=0.08)
    assert (offsets - shift).std() == pytest.approx(3.0 * np.sqrt(4 / 5), rel=0.05)
    assert abs(offsets.mean()) < 0.3


def test_blind_degradation_is_drawn_for_each_image() -> None:
    gt_image = make_image(3)
    plain = make_lr(DAN[0], gt_image, CONFIG, 8)
    np.testing.assert_array_equal(plain, degrade(gt_image, 8))
    blind = replace(CONFIG, shards=replace(CONFIG.shards, degradation="blind"))
    made = [make_lr(row, gt_image, blind, 8) for row in (DAN[0], DAN[0], DAN[1])]
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0] != plain).any()
    assert (made[0] != made[2]).any()
