import multiprocessing
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.io.images import decode_png
from idfsr.io.shards import write_shard
from idfsr.io.tensors import to_network
from idfsr.training.batch_slices import BatchSlice
from idfsr.training.batches import BatchReader, Examples, ShardDataset
from idfsr.training.signals import SIGNALS
from tests.io.two_scales import Row, Rows, make_rows, masked, write_shards

TENSORS = ("gt_image", "masked_lr", "warped_ref", "z_id", "landmarks")

WHOLE = BatchSlice(0, 4, 4)


@pytest.fixture
def rows(shard_row: Row) -> Rows:
    return make_rows(shard_row)


@pytest.fixture
def paths(tmp_path: Path, rows: Rows) -> list[Path]:
    return write_shards(tmp_path, rows)


def assert_equal(one: Examples, other: Examples) -> None:
    assert one["keys"] == other["keys"]
    for name in TENSORS:
        assert torch.equal(one[name], other[name])


def test_examples_are_those_of_the_rows(paths: list[Path], rows: Rows) -> None:
    dataset = ShardDataset(paths, seed=0)
    assert len(dataset) == 10
    assert dataset.image_size == 64
    assert dataset.keys == list(rows)
    batch = dataset[range(200)]
    flips, choices = Counter[bool](), Counter[int]()
    for index, key in enumerate(batch["keys"]):
        row = rows[key]
        gt_image = to_network(decode_png(row["gt_image"]))[0]
        flip = not torch.equal(batch["gt_image"][index], gt_image)
        unflipped = {
            name: batch[name][index].flip(-1) if flip else batch[name][index]
            for name in TENSORS[:3]
        }
        assert torch.equal(unflipped["gt_image"], gt_image)
        assert torch.equal(unflipped["masked_lr"], masked(row))
        matches = [
            torch.equal(unflipped["warped_ref"], to_network(decode_png(ref["warped_ref"]))[0])
            for ref in row["references"]
        ]
        assert sum(matches) == 1
        np.testing.assert_array_equal(batch["z_id"][index].numpy(), row["z_id"])
        mirrored = [[62, 3], [64, 1], [60, 5], [56, 9], [58, 7]]
        points = mirrored if flip else np.reshape(row["landmarks"], (5, 2)).tolist()
        assert batch["landmarks"][index].tolist() == points
        flips[flip] += 1
        choices[matches.index(True)] += 1
    # 200 throws of a coin: 100 with a deviation of 7
    assert 70 <= flips[True] <= 130
    assert 70 <= choices[0] <= 130


def test_each_epoch_has_every_row_once_in_an_order_of_its_own(paths: list[Path]) -> None:
    dataset = ShardDataset(paths, seed=0)
    first, second = dataset[range(10)], dataset[range(10, 20)]
    assert sorted(first["keys"]) == sorted(second["keys"]) == sorted(dataset.keys)
    assert first["keys"] != second["keys"]
    assert ShardDataset(paths, seed=1)[range(10)]["keys"] != first["keys"]


def test_an_example_depends_on_its_position_alone(paths: list[Path]) -> None:
    dataset = ShardDataset(paths, seed=0)
    whole = dataset[range(7, 25)]
    again = ShardDataset(paths, seed=0)
    for index, position in enumerate(range(7, 25)):
        alone = again[[position]]
        assert alone["keys"] == whole["keys"][index : index + 1]
        for name in TENSORS:
            assert torch.equal(alone[name], whole[name][index : index + 1])


def test_resuming_gives_the_same_continuation(paths: list[Path]) -> None:
    dataset = ShardDataset(paths, seed=0)
    reader = BatchReader(dataset, [WHOLE])
    whole = [reader(images_seen, WHOLE) for images_seen in range(0, 24, 4)]
    resumed = BatchReader(dataset, [WHOLE])
    for index, images_seen in enumerate(range(12, 24, 4)):
        assert_equal(resumed(images_seen, WHOLE), whole[3 + index])
    assert_equal(reader(4, WHOLE), whole[1])  # a step back


def test_slices_are_those_of_the_batch(paths: list[Path]) -> None:
    dataset = ShardDataset(paths, seed=0)
    slices = [BatchSlice(2, 3, 4), BatchSlice(3, 4, 4)]
    reader = BatchReader(dataset, slices)
    for images_seen in (4, 8):
        whole = dataset[range(images_seen, images_seen + 4)]
        for batch_slice in slices:
            found = reader(images_seen, batch_slice)
            assert found["batch_slice"] == batch_slice
            assert found["keys"] == whole["keys"][batch_slice.start : batch_slice.stop]
            assert torch.equal(
                found["gt_image"], whole["gt_image"][batch_slice.start : batch_slice.stop]
            )


def test_workers_give_the_same_batches(paths: list[Path]) -> None:
    dataset = ShardDataset(paths, seed=0)
    alone, helped = (BatchReader(dataset, [WHOLE], workers) for workers in (0, 2))
    for images_seen in range(8, 24, 4):
        assert_equal(helped(images_seen, WHOLE), alone(images_seen, WHOLE))
    start = time.monotonic()
    del helped
    assert not multiprocessing.active_children()
    assert time.monotonic() - start < 4  # torch kills workers that do not end in 5 s


@pytest.mark.parametrize("number", SIGNALS)
def test_workers_outlive_a_signal_to_all_processes_of_a_job(
    paths: list[Path], number: signal.Signals
) -> None:
    dataset = ShardDataset(paths, seed=0)
    alone, helped = (BatchReader(dataset, [WHOLE], workers) for workers in (0, 2))
    for images_seen in (0, 4):  # one of each worker, which both are ready then
        helped(images_seen, WHOLE)
    pids = [worker.pid for worker in multiprocessing.active_children()]
    sender = f"import os; [os.kill(pid, {int(number)}) for pid in {pids}]"
    subprocess.run([sys.executable, "-c", sender], check=True)
    for images_seen in range(8, 40, 4):  # more than are read ahead
        assert_equal(helped(images_seen, WHOLE), alone(images_seen, WHOLE))


def test_workers_end_when_the_training_ends_them(paths: list[Path]) -> None:
    reader = BatchReader(ShardDataset(paths, seed=0), [WHOLE], 2)
    for images_seen in (0, 4):
        reader(images_seen, WHOLE)
    workers = multiprocessing.active_children()
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(4)
        assert worker.exitcode == 0


def test_reading_leaves_the_global_generator_alone(paths: list[Path]) -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    BatchReader(ShardDataset(paths, seed=0), [WHOLE])(0, WHOLE)
    assert torch.equal(torch.rand(3), expected)


def test_only_one_part_is_read(tmp_path: Path, shard_row: Row) -> None:
    path = tmp_path / "a"
    write_shard([shard_row("1", "0", "fit"), shard_row("1", "1", "test")], path, {})
    assert ShardDataset([path], 0, "fit").keys == ["1/0/x8"]


def test_no_row(tmp_path: Path, shard_row: Row) -> None:
    write_shard([shard_row("1", "0", "fit")], tmp_path / "a", {})
    with pytest.raises(IdfsrError, match="a: found no row"):
        ShardDataset([tmp_path / "a"], 0, "pretrain")


def test_no_reference(tmp_path: Path, shard_row: Row) -> None:
    rows = [shard_row("1", "0"), shard_row("1", "1", num_references=0)]
    write_shard(rows, tmp_path / "a", {})
    with pytest.raises(IdfsrError, match=r"1/1/x8: no reference \(1 such rows\)"):
        ShardDataset([tmp_path / "a"], 0)


def test_different_sizes(tmp_path: Path, shard_row: Row) -> None:
    small, large = shard_row("1", "0"), shard_row("1", "1")
    small["gt_image"] = small["lr_image"]
    write_shard([small], tmp_path / "a", {})
    write_shard([large], tmp_path / "b", {})
    with pytest.raises(IdfsrError, match=r"different image size, wanted one: .*a: 8, .*b: 64"):
        ShardDataset([tmp_path / "a", tmp_path / "b"], 0)
