from typing import Any

import numpy as np
import pandas as pd
import pytest

from idfsr.errors import IdfsrError
from idfsr.faces.align import align_arcface
from idfsr.io.images import decode_png, encode_png
from idfsr.io.tables import write_table
from idfsr.metrics.engine.pairs import batches, common_problem, read_pairs, sort_by_scale

KEYS = [("00001", "0"), ("00001", "1"), ("00002", "0")]


def test_pairs_are_joined_by_name_and_sorted(small_run: Any) -> None:
    rows = read_pairs(small_run.shards, small_run.restored, "bicubic", 8)
    assert list(zip(rows["identity"], rows["image"], strict=True)) == KEYS
    for key, gt_png, sr_png in zip(KEYS, rows["gt_image"], rows["sr_image"], strict=True):
        np.testing.assert_array_equal(decode_png(gt_png), small_run.gt_images[key])
        np.testing.assert_array_equal(decode_png(sr_png), small_run.sr_images[key])


def test_both_images_are_cropped_by_the_landmarks_of_the_truth(small_run: Any) -> None:
    rows = read_pairs(small_run.shards, small_run.restored, "bicubic", 8)
    first, second = batches(rows, batch_size=2)
    assert (len(first.gt.image), len(second.gt.image)) == (2, 1)
    landmarks = rows["landmarks"][2].reshape(5, 2).astype(float)
    assert landmarks[0].tolist() == [20, 26]
    for crops, images in (
        (second.gt.crop, small_run.gt_images),
        (second.sr.crop, small_run.sr_images),
    ):
        np.testing.assert_array_equal(crops[0], align_arcface(images[KEYS[2]], landmarks))


def test_a_test_image_that_was_not_restored(small_run: Any) -> None:
    with pytest.raises(IdfsrError, match=r"images in the shards' test .* 00001/0, 00001/1; want"):
        read_pairs(small_run.shards, small_run.restored[:1], "bicubic", 8)


def test_a_restored_image_without_truth(small_run: Any) -> None:
    small_run.sr_images["00009", "0"] = small_run.sr_images[KEYS[0]]  # a pretraining image
    extra = small_run.restore([("00009", "0")])
    with pytest.raises(IdfsrError, match=r"images restored but without a test row.* 00009/0"):
        read_pairs(small_run.shards, [*small_run.restored, extra], "bicubic", 8)


def test_an_image_restored_twice(small_run: Any) -> None:
    again = small_run.restore(KEYS[:1])
    with pytest.raises(IdfsrError, match="restored images: found 00001/0 twice"):
        read_pairs(small_run.shards, [*small_run.restored, again], "bicubic", 8)


def test_another_method_or_scale(small_run: Any) -> None:
    other = small_run.restore(KEYS, method="idfsr-pt")
    with pytest.raises(IdfsrError, match=f"{other}: found method idfsr-pt, wanted bicubic"):
        read_pairs(small_run.shards, [other], "bicubic", 8)
    other = small_run.restore(KEYS, scale_factor=16)
    with pytest.raises(IdfsrError, match="restored images: found scale factor 16, wanted 8"):
        read_pairs(small_run.shards, [other], "bicubic", 8)
    with pytest.raises(IdfsrError, match="shards: found scale factor 8, wanted 16"):
        read_pairs(small_run.shards, [other], "bicubic", 16)


def test_nothing_to_read(small_run: Any) -> None:
    with pytest.raises(IdfsrError, match="no restored images given"):
        read_pairs(small_run.shards, [], "bicubic", 8)
    empty = small_run.restore([])
    with pytest.raises(IdfsrError, match="restored images: found no test image"):
        read_pairs(small_run.shards, [empty], "bicubic", 8)


def test_a_restored_image_of_another_size(small_run: Any) -> None:
    small = encode_png(small_run.sr_images[KEYS[0]][:32])
    path = small_run.restore(
        KEYS, sr_image=[encode_png(small_run.sr_images[KEYS[0]]), small, small]
    )
    rows = read_pairs(small_run.shards, [path], "bicubic", 8)
    with pytest.raises(
        IdfsrError, match="00001/1: found a restored image of 64 x 32 px, wanted 64 x 64 px"
    ):
        list(batches(rows, batch_size=2))


def test_images_that_were_not_restored_are_left_out(small_run: Any) -> None:
    table = pd.read_parquet(small_run.restore(KEYS))
    table["sr_image"] = [table["sr_image"][0], None, table["sr_image"][2]]
    path = small_run.folder / "some.parquet"
    write_table(table, path)
    rows = read_pairs(small_run.shards, [path], "bicubic", 8)
    assert list(zip(rows["identity"], rows["image"], strict=True)) == [
        KEYS[0], KEYS[2],
    ]  # fmt: skip
    write_table(table.assign(sr_image=None).astype({"sr_image": object}), path)
    assert read_pairs(small_run.shards, [path], "bicubic", 8).empty
    write_table(table.assign(problem=["no face", "", "no face"]), path)
    assert common_problem([path]) == "no face"


def test_files_are_sorted_by_their_scale(small_run: Any) -> None:
    shards, restored = small_run.shards, small_run.restored
    assert sort_by_scale(shards, restored) == {8: (shards, restored)}
    other = small_run.restore(KEYS, scale_factor=16)
    with pytest.raises(IdfsrError, match="restored images: found scale factor 8, 16, wanted 8"):
        sort_by_scale(shards, [*restored, other])
    mixed = small_run.restore(KEYS, scale_factor=[8, 8, 16])
    with pytest.raises(IdfsrError, match=f"{mixed}: found scale factor 8, 16, wanted rows of one"):
        sort_by_scale(shards, [mixed])
