"""The examples of docs/python.md, run as they are printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIT, RESTORE, COMPARE = BLOCK.findall(Path("docs/python.md").read_text())


def run(code: str, folder: Path) -> str:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    environment["IDFSR_CACHE"] = str(folder / "cache")
    (folder / "cache").mkdir()
    (folder / "cache/assets").symlink_to(Path(".assets").resolve())
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def head(number: int) -> Image.Image:
    """Cut a head out of a public photograph, each number another cut and light."""
    left, side = 140 - 40 * number, 200 + 40 * number
    pixels = skimage.data.astronaut()[0:side, left : left + side].astype(float)
    levels = np.clip(pixels * (0.7 + 0.15 * number), 0, 255).astype(np.uint8)
    return Image.fromarray(levels).resize((256, 256))


def test_each_example_has_few_lines() -> None:
    assert all(len(block.strip().splitlines()) <= 8 for block in (FIT, RESTORE, COMPARE))


def test_compare_images(tmp_path: Path) -> None:
    for folder, shift in (("gt", 0), ("sr", 9)):
        (tmp_path / folder).mkdir()
        for number in range(2):
            pixels = np.asarray(head(number)).astype(int) + shift
            image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            image.save(tmp_path / folder / f"{number}.png")
    said = run(COMPARE, tmp_path)
    assert re.search(r"^0 +0 +29\.\d+ +0\.9\d+ +0\.0\d+$", said, re.MULTILINE), said
    assert re.search(r"^psnr +29\.\d+$", said, re.MULTILINE), said


@pytest.mark.slow
def test_fit_and_restore(tmp_path: Path) -> None:
    (tmp_path / "photographs/ann").mkdir(parents=True)
    for number in range(2):
        head(number).save(tmp_path / f"photographs/ann/{number}.png")
    settings = Path("config/photographs.yaml").read_text()
    (tmp_path / "config").mkdir()  # found before that of the package; it has few steps
    quick = settings.replace("num_steps: 40", "num_steps: 2")
    quick += "restore: {num_inference_steps: 2}\n"
    assert "num_steps: 2\n" in quick
    (tmp_path / "config/photographs.yaml").write_text(quick)
    head(0).resize((40, 40)).resize((256, 256)).save(tmp_path / "old.png")
    said = run(FIT + RESTORE, tmp_path)
    assert said.startswith("ann 2 ")
    assert "restored x" in said
    with Image.open(tmp_path / "restored.png") as image:
        assert min(image.size) >= 256
