import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.io.examples import IdentityExamples, load_identity
from idfsr.io.images import decode_png
from idfsr.methods.bicubic import Bicubic
from idfsr.methods.engine.check import make_examples
from idfsr.methods.engine.registry import find_method
from idfsr.methods.engine.restore import (
    RESTORED_SCHEMA,
    pick_rows,
    restore_identity,
    restore_steadily,
    split_examples,
)
from tests.training.makers import write_test_shard


def test_batches_keep_the_order(tmp_path: Path) -> None:
    examples = load_identity([write_test_shard(tmp_path / "t.parquet")], "00008", "fit")
    batches = list(split_examples(examples, 2))
    assert [batch["images"] for batch in batches] == [["0", "1"], ["2"]]
    assert batches[1]["gt_image"].shape == (1, 3, 32, 32)
    assert batches[1]["keys"] == ["00008/2/x8"]


def test_table_of_restored_images(tmp_path: Path) -> None:
    examples = load_identity([write_test_shard(tmp_path / "t.parquet")], "00008", "test")
    table = restore_identity(find_method("bicubic"), Bicubic(), examples, "00008", 8, batch_size=1)
    assert list(table.columns) == RESTORED_SCHEMA.names
    assert table["image"].tolist() == ["3", "4"]
    assert set(table["scale_factor"]) == {8}
    assert set(table["method"]) == {"bicubic"}
    whole = Bicubic().restore(examples)
    for png, image in zip(table["sr_image"], whole, strict=True):
        np.testing.assert_array_equal(decode_png(png), image)


BICUBIC = find_method("bicubic")
WITH_LANDMARKS = dataclasses.replace(BICUBIC, needs=("reference", "landmarks5"))


def test_an_image_that_lacks_something_is_counted_not_dropped() -> None:
    examples = make_examples(32, 8, num_images=4)
    examples["lr_landmarks"][1, 4, 0] = torch.nan
    examples["warped_ref"][3] = torch.nan
    table = restore_identity(WITH_LANDMARKS, Bicubic(), examples, "someone", 8, batch_size=1)
    assert table["problem"].tolist() == ["", "no landmarks5", "", "no reference"]
    assert table["sr_image"].isna().tolist() == [False, True, False, True]
    whole = Bicubic().restore(examples)
    np.testing.assert_array_equal(decode_png(table["sr_image"][2]), whole[2])


class Picky(Bicubic):
    def examine(self, examples: IdentityExamples) -> tuple[IdentityExamples, list[str]]:
        problems = ["too dark" if key.startswith("someone/2") else "" for key in examples["keys"]]
        return {**examples, "lr_image": -examples["lr_image"]}, problems


def test_what_a_method_finds_wrong_is_counted_after_what_is_missing() -> None:
    examples = make_examples(32, 8, num_images=4)
    examples["lr_landmarks"][1] = torch.nan
    table = restore_identity(WITH_LANDMARKS, Picky(), examples, "someone", 8, batch_size=2)
    assert table["problem"].tolist() == ["", "no landmarks5", "too dark", ""]
    assert table["sr_image"].isna().tolist() == [False, True, True, False]
    wanted = Bicubic().restore({**examples, "lr_image": -examples["lr_image"]})
    np.testing.assert_array_equal(decode_png(table["sr_image"][3]), wanted[3])


def test_a_method_that_can_restore_nothing_says_why_for_each() -> None:
    examples = make_examples(32, 8, num_images=2)
    examples["lr_landmarks"][:] = torch.nan
    table = restore_identity(WITH_LANDMARKS, Picky(), examples, "someone", 8, batch_size=2)
    assert table["problem"].tolist() == ["no landmarks5"] * 2


def test_a_need_that_no_shard_meets_is_an_error() -> None:
    dense = dataclasses.replace(BICUBIC, needs=("landmarks68",))
    with pytest.raises(IdfsrError, match="bicubic: needs landmarks68, which the shards do not"):
        restore_identity(dense, Bicubic(), make_examples(32, 8, 3), "someone", 8, batch_size=2)


def test_rows_are_picked_in_order() -> None:
    picked = pick_rows(make_examples(32, 8, 3), [2, 0])
    assert picked["keys"] == ["someone/2/x8", "someone/0/x8"]
    assert torch.equal(picked["lr_image"][1], make_examples(32, 8, 3)["lr_image"][0])


@pytest.mark.parametrize(("device", "sizes"), [("cpu", [1, 1, 1]), ("meta", [3])])
def test_images_go_alone_on_a_cpu_only(device: str, sizes: list[int]) -> None:
    calls = []

    def restore(examples: IdentityExamples) -> np.ndarray:
        calls.append(len(examples["keys"]))
        return np.zeros((len(examples["keys"]), 4, 4, 3), np.uint8)

    assert restore_steadily(restore, make_examples(32, 8, 3), torch.device(device)).shape[0] == 3
    assert calls == sizes
