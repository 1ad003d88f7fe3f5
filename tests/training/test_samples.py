from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.config.shards import ShardsConfig
from idfsr.errors import IdfsrError
from idfsr.io.examples import load_identity
from idfsr.io.tensors import from_network
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.run.config import Config, stage_settings
from idfsr.training.samples import NUM_INFERENCE_STEPS, sample_sheet

from .makers import TINY_MODEL, make_network, write_pretrain_shard, write_test_shard

CONFIG = stage_settings(
    Config(seed=5, model=TINY_MODEL, shards=ShardsConfig(image_size=32)), "pretrain"
)
CPU = torch.device("cpu")


def test_sheet_shows_what_the_method_restores(tmp_path: Path) -> None:
    """A row for the first test image of each of two people at each of two scale factors."""
    shards = [write_test_shard(tmp_path / f"x{scale}.parquet", scale) for scale in (4, 32)]
    model = make_network()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    sheet = sample_sheet(CONFIG, shards, CPU)(model.state_dict())
    assert torch.equal(torch.get_rng_state(), before)
    assert sheet.shape == (4 * 32, 5 * 32, 3)
    method = IdfsrRestorer(
        model=model,
        model_digest="",
        fitted_z_id=None,
        num_inference_steps=NUM_INFERENCE_STEPS,
        seed=5,
    )
    for row, (shard, identity) in enumerate((s, i) for s in shards for i in ("00007", "00008")):
        examples = load_identity([shard], identity, "test")
        tiles = np.split(sheet[32 * row : 32 * (row + 1)], 5, axis=1)
        scale = (4, 32)[row // 2]
        lr_image = from_network(examples["lr_image"])[0]
        np.testing.assert_array_equal(tiles[0], lr_image.repeat(scale, 0).repeat(scale, 1))
        np.testing.assert_array_equal(tiles[1], from_network(examples["masked_lr"])[0])
        np.testing.assert_array_equal(tiles[2], from_network(examples["warped_ref"][:, 0])[0])
        np.testing.assert_array_equal(tiles[3], method.restore(examples)[0])
        np.testing.assert_array_equal(tiles[4], from_network(examples["gt_image"])[0])


def test_shard_without_test_images_is_refused(tmp_path: Path) -> None:
    shard = write_pretrain_shard(tmp_path / "a.parquet")
    with pytest.raises(IdfsrError, match=r"a\.parquet: found no image of the part test"):
        sample_sheet(CONFIG, [shard], CPU)
