import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import torchvision
from PIL import Image

from idfsr.main import main
from idfsr.metrics.lpips.network import WEIGHTS as LPIPS

from ..conftest import make_image  # noqa: TID252 - the tests are not installed


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """Three images of two people; the restored ones are one level off everywhere."""
    for index, name in enumerate(("a/0", "a/1", "b/0")):
        image = make_image(index)
        off_by_one = np.where(image < 255, image + 1, 254).astype(np.uint8)
        for folder, pixels in (("gt", image), ("sr", off_by_one)):
            path = tmp_path / folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    return ["metrics", "--gt", str(tmp_path / "gt"), "--sr", str(tmp_path / "sr")]


def test_prints_a_table_and_writes_the_rows(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*folders, "--csv", str(tmp_path / "rows.csv")])
    printed = capsys.readouterr().out
    assert printed.startswith("3 images of 2 identities\n")
    psnr = f"{20 * np.log10(255):.2f}"
    assert re.search(rf"PSNR \(dB\) ↑ +{psnr} +\[{psnr}, {psnr}\]", printed)
    assert re.search(r"MobileNetV2 Frechet distance ↓ +\d+\.\d\d\s", printed)
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert rows["name"].tolist() == ["a/0", "a/1", "b/0"]
    assert rows["identity"].tolist() == ["a", "a", "b"]
    assert rows["psnr"].tolist() == pytest.approx([float(psnr)] * 3, abs=0.01)
    assert {"ids_sface", "sr_age_embedded", "brisque", "ssim_y"} < set(rows)


def test_only_some_metrics_and_one_image(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("gt", "sr"):
        for name in ("a/1", "b/0"):
            (tmp_path / folder / f"{name}.png").unlink()
    main([*folders, "--only", "mobilenetv2_fd", "psnr"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 images of 1 identities"
    assert lines[2].split("↓")[0] == "MobileNetV2 Frechet distance "
    assert "too few images" in lines[2]
    assert lines[3].startswith("PSNR (dB) ↑ ")
    assert [line.split(":")[0] for line in lines[4:]] == [
        "", "MobileNetV2 Frechet distance", "PSNR",
    ]  # fmt: skip


def test_psnr_wants_no_detector_and_no_asset(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*folders, "--only", "psnr", "--assets", str(tmp_path / "none")])
    assert "PSNR (dB)" in capsys.readouterr().out


def test_metrics_without_weights_are_named_and_print_a_dash(
    folders: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    main([*folders, "--weights", str(tmp_path), "--only", "psnr", "lpips", "fid"])
    lines = capsys.readouterr().out.splitlines()
    assert "lpips: not computed, its column stays empty: no" in caplog.text
    assert [line.split()[0] for line in lines[2:5]] == ["PSNR", "LPIPS", "FID"]
    assert [line.split()[-1] for line in lines[3:5]] == ["\N{EN DASH}"] * 2


def test_both_engines_print_the_same_table(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = torchvision.models.alexnet(weights=None).state_dict()
    for name in state:
        if name.startswith("classifier."):  # of no use here; one number for all saves 230 MB
            state[name] = torch.zeros(()).expand(state[name].shape)
    path = tmp_path / LPIPS
    path.parent.mkdir(parents=True)
    torch.save(state, path)
    printed, rows = [], []
    for engine in ("fast", "library"):
        csv = tmp_path / f"{engine}.csv"
        options = ["--weights", str(tmp_path), "--engine", engine, "--csv", str(csv)]
        main([*folders, "--only", "psnr", "lpips", *options])
        text, _, note = capsys.readouterr().out.partition("\n\n")
        printed.append(text)
        rows.append(pd.read_csv(csv))
        assert ("metrics.engine: library): LPIPS." in note) == (engine == "library")
    assert printed[0] == printed[1]
    pd.testing.assert_frame_equal(*rows, rtol=1e-5)
    assert (rows[0]["lpips"] > 0).all()


def test_a_mistake_is_one_line(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sr" / "a" / "1.png").unlink()
    with pytest.raises(SystemExit) as caught:
        main(folders)
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        f"idfsr metrics: error: {tmp_path}/gt/a/1.png: no image of that name in {tmp_path}/sr, "
        "wanted one for each\n"
    )
