"""All examples of one person, read from shards."""

from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.io.examples import load_identity, load_mean_z_id, load_ref_images
from idfsr.io.images import decode_png, encode_png
from idfsr.io.shards import write_shard
from idfsr.io.tensors import to_network

from .two_scales import Row, make_rows, masked, write_shards


@pytest.fixture
def paths(tmp_path: Path, shard_row: Row) -> list[Path]:
    return write_shards(tmp_path, make_rows(shard_row))


def test_load_identity(tmp_path: Path, shard_row: Row) -> None:
    rows = [
        shard_row("1", "0", "test"), shard_row("2", "0", "fit"), shard_row("2", "1", "test"),
        shard_row("2", "7", "test"),
    ]  # fmt: skip
    write_shard(rows[:3], tmp_path / "a", {})
    write_shard(rows[3:], tmp_path / "b", {})
    found = load_identity([tmp_path / "a", tmp_path / "b"], "2", "test")
    assert found["keys"] == ["2/1/x8", "2/7/x8"]
    assert found["images"] == ["1", "7"]
    assert found["lr_image"].shape == (2, 3, 8, 8)
    assert found["warped_ref"].shape == (2, 2, 3, 64, 64)
    for index, row in enumerate(rows[2:]):
        gt_image = to_network(decode_png(row["gt_image"]))[0]
        assert torch.equal(found["gt_image"][index], gt_image)
        assert torch.equal(found["masked_lr"][index], masked(row))
        np.testing.assert_array_equal(found["z_id"][index].numpy(), row["z_id"])
        for place, reference in enumerate(row["references"]):
            warped_ref = to_network(decode_png(reference["warped_ref"]))[0]
            assert torch.equal(found["warped_ref"][index, place], warped_ref)
            z_id = found["reference_z_id"][index, place]
            np.testing.assert_array_equal(z_id.numpy(), reference["z_id"])


def test_references_as_they_are(tmp_path: Path, shard_row: Row) -> None:
    rows = [
        shard_row("2", "0", "fit"), shard_row("2", "1", "test"), shard_row("1", "0", "fit"),
        shard_row("2", "7", "test"),
    ]  # fmt: skip
    for row, names in ((rows[1], ["0", "5"]), (rows[3], ["5", "0"])):
        for reference, name in zip(row["references"], names, strict=True):
            reference["image"] = name
    write_shard(rows[:2], tmp_path / "a", {})
    write_shard(rows[2:], tmp_path / "b", {})
    ref_images = load_ref_images([tmp_path / "a", tmp_path / "b"], "2", "test")
    assert ref_images.shape == (2, 2, 3, 64, 64)
    photograph = to_network(decode_png(rows[0]["gt_image"]))[0]
    assert torch.equal(ref_images[0, 0], photograph)
    assert torch.equal(ref_images[1, 1], photograph)
    assert ref_images[0, 1].isnan().all()  # fit image 5 has no row
    assert ref_images[1, 0].isnan().all()
    ref_landmarks = load_identity([tmp_path / "a", tmp_path / "b"], "2", "test")["ref_landmarks"]
    points = torch.tensor(rows[0]["landmarks"]).reshape(5, 2)
    torch.testing.assert_close(ref_landmarks[0, 0], points.float())
    torch.testing.assert_close(ref_landmarks[1, 1], points.float())
    assert ref_landmarks[0, 1].isnan().all()


def test_a_part_that_one_of_two_row_groups_lacks(
    tmp_path: Path, shard_row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are read by groups; one that holds a person, but nothing of the part, is empty."""
    monkeypatch.setattr("idfsr.io.shards.ROWS_PER_GROUP", 2)
    rows = [
        shard_row("1", "0", "test"), shard_row("2", "0", "fit"),
        shard_row("2", "1", "fit"), shard_row("2", "2", "test"),
    ]  # fmt: skip
    write_shard(rows, tmp_path / "a", {})
    assert load_identity([tmp_path / "a"], "2", "test")["images"] == ["2"]
    assert load_identity([tmp_path / "a"], "2", "fit")["images"] == ["0", "1"]


def test_mean_of_the_fit_images(tmp_path: Path, shard_row: Row) -> None:
    rows = [shard_row("2", str(image), "fit") for image in range(3)] + [shard_row("2", "3", "test")]
    for row, direction in zip(rows, (0, 1, 1, 2), strict=True):
        row["z_id"] = np.eye(512, dtype=np.float32)[direction].tolist()
    write_shard(rows, tmp_path / "a", {})
    whole = load_mean_z_id([tmp_path / "a"], "2")
    torch.testing.assert_close(whole[:3], torch.tensor([1.0, 2, 0]) / 5**0.5)
    first = load_mean_z_id([tmp_path / "a"], "2", num_images=2)
    torch.testing.assert_close(first[:3], torch.tensor([1.0, 1, 0]) / 2**0.5)
    with pytest.raises(IdfsrError, match="fit rows of 2: found 3, wanted 4"):
        load_mean_z_id([tmp_path / "a"], "2", num_images=4)
    with pytest.raises(IdfsrError, match="fit rows of 9: found 0, wanted 1"):
        load_mean_z_id([tmp_path / "a"], "9")


def test_references_are_taken_as_large_as_the_network_wants_them(
    tmp_path: Path, shard_row: Row
) -> None:
    rows = [shard_row("2", "0", "fit"), shard_row("2", "1", "test")]
    for reference in rows[1]["references"]:
        reference["image"] = "0"
    larger = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    rows[0]["ref_image"] = encode_png(larger)
    write_shard(rows, tmp_path / "a", {})
    for size, side in ((0, 64), (64, 64), (512, 128)):
        ref_images = load_ref_images([tmp_path / "a"], "2", "test", size)
        assert ref_images.shape == (1, 2, 3, side, side)
    assert torch.equal(ref_images[0, 0], to_network(larger)[0])


def test_load_identity_of_two_scales(paths: list[Path]) -> None:
    with pytest.raises(IdfsrError, match=r"found scale factors \[8, 16\], wanted one"):
        load_identity(paths, "1", "pretrain")


def test_load_identity_that_is_not_there(paths: list[Path]) -> None:
    with pytest.raises(IdfsrError, match="test rows of 9: found none"):
        load_identity(paths[:1], "9", "test")


def test_load_identity_with_uneven_references(tmp_path: Path, shard_row: Row) -> None:
    rows = [shard_row("1", "0", num_references=1), shard_row("1", "1", num_references=2)]
    write_shard(rows, tmp_path / "a", {})
    with pytest.raises(IdfsrError, match=r"found \[1, 2\] references"):
        load_identity([tmp_path / "a"], "1", "pretrain")
