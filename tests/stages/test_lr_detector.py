import json
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from idfsr.faces.low_resolution import load_lr_detector
from idfsr.main import main

from ..faces.face_tree import FaceTree, make_face_tree  # noqa: TID252

COLUMNS = ["detector", "scale_factor", "num_images", "found", "nme", "nme_p90"]


def run(tree: FaceTree, folder: Path, name: str, num_steps: int, *more: str | Path) -> Path:
    config = folder / "lr_detector.json"
    settings = {
        "seed": 0,
        "dataset": {},
        "lr_detector": {"image_size": 64, "num_steps": num_steps, "batch_size": 2},
        "gt_size": 128,
        "score_threshold": 0.5,
    }
    config.write_text(json.dumps(settings))
    model = folder / name / "model.safetensors"
    arguments = [
        "--config", config, "--split", tree.split, "--landmarks", *tree.landmarks,
        "--manifest", tree.manifest, "--root", tree.root, "--assets", ".assets",
        "--model", model, "--errors", folder / name / "errors.csv",
        "--stats", folder / name / "stats.jsonl", "--card", folder / name / "card.md",
        "--threads", "1", *more,
    ]  # fmt: skip
    main(["lr-detector", *map(str, arguments)])
    return model


def test_makes_weights_and_table(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    model = run(tree, tmp_path, "first", 2)
    errors = pd.read_csv(model.with_name("errors.csv"))
    assert errors.columns.tolist() == COLUMNS
    assert set(errors["detector"]) == {"stock", "fine-tuned"}
    assert errors["found"].between(0, 1).all()
    load_lr_detector(model, torch.device("cpu"))

    again = run(tree, tmp_path, "again", 2)
    assert again.read_bytes() == model.read_bytes()
    further = run(tree, tmp_path, "further", 0, "--init", model)
    first, second = load_file(model), load_file(further)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_wrong_start_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = make_face_tree(tmp_path)
    with pytest.raises(SystemExit) as caught:
        run(tree, tmp_path, "first", 2, "--init", tree.manifest)
    assert caught.value.code == 2
    assert "manifest.parquet: cut short, or not a file of PyTorch" in capsys.readouterr().err
