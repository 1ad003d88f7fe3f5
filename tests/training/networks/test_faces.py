from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.io.degradation import degrade, upsample
from idfsr.io.tensors import from_network, to_network
from idfsr.training.networks.faces import FaceReader, read_faces, split_batches
from tests.training.makers import write_pretrain_shard, write_test_shard


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    return [
        write_pretrain_shard(tmp_path / f"x{scale_factor}.parquet", scale_factor)
        for scale_factor in (8, 16)
    ]


def test_degraded_faces_are_what_the_baselines_get(shards: list[Path]) -> None:
    faces = read_faces(shards, "pretrain")
    assert len(faces) == 24
    assert set(faces.identities) == {"00000", "00001", "00002", "00003"}
    for row, scale_factor in ((0, 8), (12, 16)):
        wanted = upsample(degrade(faces.gt_image[row], scale_factor), 32)
        np.testing.assert_array_equal(faces.degraded[row], wanted)


def test_batches_are_a_function_of_the_images_seen(shards: list[Path]) -> None:
    faces = read_faces(shards, "pretrain")
    reader = FaceReader(faces=faces, batch_size=8, seed=0)
    first, second = reader(0), reader(8)
    assert torch.equal(reader(0).gt_image, first.gt_image)
    assert not torch.equal(first.gt_image, second.gt_image)
    known: dict[bytes, list[bytes]] = {image.tobytes(): [] for image in faces.gt_image}
    for gt_image, degraded in zip(faces.gt_image, faces.degraded, strict=True):
        known[gt_image.tobytes()].append(degraded.tobytes())  # one for each scale factor
    num_mirrored = 0
    pairs = zip(from_network(first.gt_image), from_network(first.degraded), strict=True)
    for gt_image, degraded in pairs:
        mirrored = gt_image.tobytes() not in known
        num_mirrored += mirrored
        step = -1 if mirrored else 1
        assert degraded[:, ::step].tobytes() in known[gt_image[:, ::step].tobytes()]
    assert 0 < num_mirrored < 8


def test_every_face_is_measured_once(shards: list[Path]) -> None:
    faces = read_faces(shards)
    batches = split_batches(faces, 10)
    assert [len(batch.gt_image) for batch in batches] == [10, 10, 4]
    assert torch.equal(torch.cat([b.degraded for b in batches]), to_network(faces.degraded))


def test_other_parts_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"t.parquet: found no row of part pretrain, wanted faces"):
        read_faces([write_test_shard(tmp_path / "t.parquet")], "pretrain")


def test_references_are_other_images_of_the_person(shards: list[Path]) -> None:
    faces = read_faces(shards, "pretrain")
    references = faces.references(np.arange(24), first=1)
    assert references.shape == (24, 4)
    for row, found in enumerate(references.tolist()):
        assert {faces.identities[other] for other in found} == {faces.identities[row]}
        assert faces.images[row] not in {faces.images[other] for other in found}
        assert len({faces.images[other] for other in found}) == 2  # both others, twice
    again = faces.references(np.arange(24), first=0)
    assert (again[:, 1:] == references[:, :-1]).all()


def test_references_are_mirrored_with_their_faces(shards: list[Path]) -> None:
    faces = read_faces(shards, "pretrain")
    batch = FaceReader(faces=faces, batch_size=8, seed=0)(0)
    assert batch.ref_image.shape == (8, 4, 3, 32, 32)
    known = {image.tobytes() for image in faces.gt_image}
    for gt_image, ref_image in zip(batch.gt_image, batch.ref_image, strict=True):
        as_they_are = [from_network(image[None]).tobytes() in known for image in ref_image]
        assert as_they_are == 4 * [from_network(gt_image[None]).tobytes() in known]
