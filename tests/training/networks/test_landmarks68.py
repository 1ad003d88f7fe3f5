import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from idfsr.config.networks import NetworkStage
from idfsr.config.training import TrainConfig
from idfsr.errors import IdfsrError
from idfsr.io.degradation import degrade, upsample
from idfsr.io.tensors import from_network, to_network
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.training.networks.landmarks68 import training as landmarks68
from idfsr.training.networks.landmarks68.training import (
    MarkedFaces,
    MarkedReader,
    degrade_some,
    landmarks68_loss,
    measure_errors,
    read_marked_faces,
    vary_faces,
)
from idfsr.training.networks.train import train_network
from tests.training.makers import (
    make_face,
    write_landmarks_68,
    write_pretrain_shard,
    write_test_shard,
)


def spots(num: int, side: int) -> MarkedFaces:
    """Make dark images with a bright spot that all landmarks of an image mark."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(0.35, 0.65, (num, 2))
    rows, columns = np.mgrid[:side, :side] + 0.5
    distances = np.hypot(columns - side * centres[:, :1, None], rows - side * centres[:, 1:, None])
    levels = (255 * np.exp(-((distances / (side / 12)) ** 2))).astype(np.uint8)
    return MarkedFaces(
        gt_image=np.repeat(levels[..., None], 3, axis=3),
        landmarks=torch.from_numpy(centres.astype(np.float32))[:, None].repeat(1, 68, 1),
        identities=[str(index) for index in range(num)],
    )


def test_landmarks_are_joined_by_identity_and_image(tmp_path: Path) -> None:
    shard = write_pretrain_shard(tmp_path / "shard.parquet")
    truth = write_landmarks_68(tmp_path / "truth.parquet", range(4))
    faces = read_marked_faces([shard], truth, "pretrain")
    assert len(faces) == 12
    table = pd.read_parquet(truth).set_index(["identity", "image"])
    wanted = table.loc[("00002", "1"), "landmarks_68"]
    np.testing.assert_array_equal(faces.landmarks[7].flatten(), np.asarray(wanted))
    np.testing.assert_array_equal(faces.gt_image[7], make_face(2, 1, 32))


def test_an_image_without_landmarks_is_one_line(tmp_path: Path) -> None:
    shard = write_pretrain_shard(tmp_path / "shard.parquet")
    truth = write_landmarks_68(tmp_path / "truth.parquet", range(3))
    with pytest.raises(IdfsrError, match=r"truth\.parquet: found no landmarks of 00003/0, wanted"):
        read_marked_faces([shard], truth)


def test_landmarks_move_with_the_image() -> None:
    faces = spots(32, 64)
    images, landmarks = vary_faces(
        to_network(faces.gt_image), faces.landmarks, torch.Generator().manual_seed(0)
    )
    weights = (images[:, 0] + 1).square()
    places = (torch.arange(64) + 0.5) / 64
    found = torch.stack([(weights.sum(1) * places).sum(1), (weights.sum(2) * places).sum(1)], 1)
    found = found / weights.sum(dim=(1, 2))[:, None]
    torch.testing.assert_close(found, landmarks[:, 0], atol=0.01, rtol=0)
    assert (landmarks - faces.landmarks).abs().max() > 0.1  # some are mirrored


def test_mirrored_landmarks_change_names() -> None:
    points = torch.rand(1, 68, 2, generator=torch.Generator().manual_seed(0))
    seeds = (torch.Generator().manual_seed(seed) for seed in range(20))
    moved = [vary_faces(torch.zeros(1, 3, 8, 8), points, seed)[1][0] for seed in seeds]
    near = [(found[36] - points[0, 36]).norm() < 0.25 for found in moved]
    mirror = points[0, 45] * torch.tensor([-1, 1]) + torch.tensor([1, 0])
    far = [(found[36] - mirror).norm() < 0.25 for found in moved]
    assert all(one or other for one, other in zip(near, far, strict=True))
    assert any(far)


def test_degraded_faces_are_those_of_the_shards_but_for_rounding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(landmarks68, "SCALE_FACTORS", (8,))
    face = make_face(1, 1, 64)
    found = from_network(degrade_some(to_network(face), torch.Generator()))[0]
    wanted = upsample(degrade(face, 8), 64)
    differences = np.abs(found.astype(int) - wanted)
    assert differences.mean() < 1
    assert differences.max() <= 4


def test_batches_are_a_function_of_the_images_seen() -> None:
    reader = MarkedReader(faces=spots(8, 64), batch_size=4, seed=0)
    assert torch.equal(reader(4).images, reader(4).images)
    assert torch.equal(reader(4).landmarks, reader(4).landmarks)
    assert not torch.equal(reader(0).images, reader(4).images)


def test_errors_are_over_the_distance_of_the_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = spots(2, 64)
    faces.landmarks[:] = 0.5
    faces.landmarks[:, 36:42, 0], faces.landmarks[:, 42:48, 0] = 0.4, 0.6
    found = faces.landmarks.clone()
    found[:, :17, 1] += 0.1  # the jaw: 17 of 68 landmarks by half of that distance
    monkeypatch.setattr(Landmarks68Net, "forward", lambda _, images: found[: len(images)])
    network = Landmarks68Net(Landmarks68Config())
    assert measure_errors(network, faces, 8) == pytest.approx((0.125, 0), abs=1e-6)


@pytest.mark.slow
def test_spots_are_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landmarks68, "SCALE_FACTORS", (1, 2))
    torch.manual_seed(0)
    network = Landmarks68Net(Landmarks68Config())
    loss_of = landmarks68_loss(network, None)
    batch_at = MarkedReader(faces=spots(64, 64), batch_size=16, seed=0)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for step in range(60):
        loss, _ = loss_of(batch_at(16 * step), torch.Generator())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.3 * np.mean(losses[:5])


def test_a_card_says_how_far_off_it_is(tmp_path: Path) -> None:
    settings = TrainConfig(num_images=8, batch_size=4, checkpoint_images=4)
    files = {
        "shards": [write_pretrain_shard(tmp_path / "pretrain.parquet", size=64)],
        "held_out": [write_test_shard(tmp_path / "test.parquet", size=64)],
        "truth": [write_landmarks_68(tmp_path / "truth.parquet", range(10))],
    }
    config = NetworkStage(seed=0, network=settings)
    result = train_network(
        "landmarks68", config, files, None, tmp_path / "state", torch.device("cpu")
    )
    trained, card = result.trained, result.card
    assert card.data["identities held out"] == "2"
    assert list(card.figures) == ["error, sharp", "error, x8", "error, x16"]
    assert "of the distance of the eyes" in card.figures["error, x16"]
    lines = trained.stats_path.read_text().splitlines()
    assert [json.loads(line)["images_seen"] for line in lines] == [4, 8]
