import json
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.faces.weights import build_network, read_stock_weights
from idfsr.io.examples import load_identity
from idfsr.io.tables import read_metadata
from idfsr.main import main
from idfsr.models.iresnet import IResNet, IResNetConfig, save_iresnet
from idfsr.models.weights import model_digest, save_weights
from idfsr.training.batches import ShardDataset

from ..faces.face_tree import FaceTree, make_face_tree  # noqa: TID252


def run(tree: FaceTree, folder: Path, part: str, shard: str) -> Path:
    config = folder / "shards.json"
    settings = {"image_size": 64, "rows_per_shard": 6, "num_references": 2}
    stage = {"seed": 0, "dataset": {}, "shards": settings, "search_size": 128}
    config.write_text(json.dumps(stage))
    detector, encoder = folder / "detector.safetensors", folder / "encoder.safetensors"
    if not encoder.exists():
        stock = build_network("mobilenet0.25", read_stock_weights(Path(".assets")), "stock")
        save_weights(detector, stock, {})
        torch.manual_seed(0)
        save_iresnet(encoder, IResNet(IResNetConfig((1, 1, 1, 1), (8, 8, 8, 8))))
    out = folder / f"{part}-{shard}.parquet"
    arguments = [
        "--config", config, "--split", tree.split, "--landmarks", *tree.landmarks,
        "--manifest", tree.manifest, "--root", tree.root, "--lr-detector", detector,
        "--id-encoder", encoder, "--part", part, "--scale-factor", "8", "--shard", shard,
        "--shards", out, "--threads", "1",
    ]  # fmt: skip
    main(["shards", *map(str, arguments)])
    return out


def test_shards_are_what_training_and_fitting_read(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    pretrain = [run(tree, tmp_path, "pretrain", shard) for shard in ("00000", "00001")]
    dataset = ShardDataset(pretrain, seed=0)
    assert dataset.keys == [
        f"{name}/{image}/x8" for name in ("ann", "bob", "cat") for image in "012"
    ]
    batch = dataset[[0, 1]]
    assert batch["masked_lr"].shape == (2, 3, 64, 64)
    assert (batch["masked_lr"] == 0).all(dim=1).float().mean() > 0.1

    test = run(tree, tmp_path, "test", "0")
    examples = load_identity([test], "dan", "test")
    assert examples["warped_ref"].shape == (1, 2, 3, 64, 64)
    np.testing.assert_allclose(examples["reference_z_id"].norm(dim=-1), 1, rtol=1e-5)
    assert read_metadata(test) == {
        "image_size": "64",
        "scale_factor": "8",
        "id_encoder": model_digest(tmp_path / "encoder.safetensors"),
        "lr_detector": model_digest(tmp_path / "detector.safetensors"),
    }


def test_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    first = run(tree, tmp_path, "test", "0").read_bytes()
    assert run(tree, tmp_path, "test", "0").read_bytes() == first


def test_shard_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = make_face_tree(tmp_path)
    with pytest.raises(SystemExit) as caught:
        run(tree, tmp_path, "test", "1")
    assert caught.value.code == 2
    assert "split.tsv: shard 1 of test, found 1 shards" in capsys.readouterr().err
