from pathlib import Path

import numpy as np

from idfsr.baselines.bicubic import Bicubic
from idfsr.baselines.contract import RESTORED_SCHEMA, restore_identity, split_examples
from idfsr.data.images import decode_png
from idfsr.data.loader import load_identity
from tests.training.makers import write_test_shard


def test_batches_keep_the_order(tmp_path: Path) -> None:
    examples = load_identity([write_test_shard(tmp_path / "t.parquet")], "00008", "fit")
    batches = list(split_examples(examples, 2))
    assert [batch["images"] for batch in batches] == [["0", "1"], ["2"]]
    assert batches[1]["gt_image"].shape == (1, 3, 32, 32)
    assert batches[1]["keys"] == ["00008/2/x8"]


def test_table_of_restored_images(tmp_path: Path) -> None:
    examples = load_identity([write_test_shard(tmp_path / "t.parquet")], "00008", "test")
    table = restore_identity(Bicubic(), examples, "00008", 8, batch_size=1)
    assert list(table.columns) == RESTORED_SCHEMA.names
    assert table["image"].tolist() == ["3", "4"]
    assert set(table["scale_factor"]) == {8}
    assert set(table["method"]) == {"bicubic"}
    whole = Bicubic().restore(examples)
    for png, image in zip(table["sr_image"], whole, strict=True):
        np.testing.assert_array_equal(decode_png(png), image)
