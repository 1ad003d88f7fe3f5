"""A wheel of the repository: `idfsr` works from any folder, without the repository."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

pytestmark = pytest.mark.slow

Run = Callable[[Sequence[str]], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel and unpack it as pip does; what it needs is that of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = folder / "source"
    source.mkdir()
    for name in ("config", "envs", "idfsr", "snakemake_logger_plugin_idfsr"):
        shutil.copytree(name, source / name, symlinks=True)
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(name, source / name)
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source]
    subprocess.run(wheel, check=True)
    (made,) = folder.glob("*.whl")
    target = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, made], check=True)
    return target


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Run `idfsr` in an empty folder with spaces, with a home that is not there."""
    folder = tmp_path / "an empty folder"
    folder.mkdir()
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "assets").symlink_to(Path(".assets").resolve())
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "IDFSR_CACHE": str(cache),
        "HOME": "/nonexistent/home",
    }  # fmt: skip

    def command(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "idfsr.main", *words], cwd=folder, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return command


def make_photographs(folder: Path) -> None:
    """Write the same head four times, in cuts and lights that are no copies of one another."""
    folder.mkdir()
    for number in range(4):
        left, side = 140 - 40 * number, 200 + 40 * number
        head = skimage.data.astronaut()[0:side, left : left + side].astype(float)
        levels = np.clip(head * (0.7 + 0.15 * number), 0, 255).astype(np.uint8)
        Image.fromarray(levels).resize((256, 256)).save(folder / f"{number}.png")


def test_everything_that_users_type_works(run: Run, installed: Path, tmp_path: Path) -> None:
    assert not (installed / "tests").exists()
    assert (installed / "snakemake_logger_plugin_idfsr/stages.py").is_file()
    make_photographs(tmp_path / "ann")
    for command in (
        ["assets"],
        ["weights", "list"],
        ["metrics", "--gt", "../ann", "--sr", "../ann", "--only", "psnr", "ids_sface"],
        ["fit", "--identity-dir", "../ann", "--out", "ann.safetensors"],
        ["restore", "--embedding", "ann.safetensors", "--force", "../ann/0.png", "--out", "o"],
    ):
        done = run(command)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "an empty folder" / "o" / "0.png").is_file()


def test_without_the_asset_packages_it_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cache" / "assets").unlink()
    done = run(["assets"])
    assert done.returncode == 2
    assert "idfsr assets --install" in done.stderr
    assert "Traceback" not in done.stderr
