from pathlib import Path

import pytest

from idfsr.main import main
from idfsr.training.networks.crops import read_crops

from ..faces.face_tree import FaceTree, make_face_tree  # noqa: TID252


def run(tree: FaceTree, folder: Path, ground_truth: Path) -> Path:
    out = folder / "crops.parquet"
    arguments = [
        "--manifest", tree.manifest, "--landmarks", *tree.landmarks, "--root", tree.root,
        "--ground-truth", ground_truth, "--crops", out, "--threads", "2",
    ]  # fmt: skip
    main(["crops", *map(str, arguments)])
    return out


def test_crops_are_what_the_trainings_read(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    out = run(tree, tmp_path, tree.ground_truth)
    crops = read_crops(out, ["age_years", "gender", "expression"])
    assert crops.pixels.shape == (12, 112, 112, 3)
    assert crops.labels["expression"].tolist() == ["happy"] * 12


def test_missing_ground_truth_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = make_face_tree(tmp_path)
    with pytest.raises(SystemExit) as caught:
        run(tree, tmp_path, tmp_path / "none.parquet")
    assert caught.value.code == 2
    assert "none.parquet: no such file" in capsys.readouterr().err
