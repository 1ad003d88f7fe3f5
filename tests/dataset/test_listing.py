"""What shows that photographs came, went or changed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from idfsr.dataset.listing import find_identities, find_images, listing_digest
from idfsr.errors import IdfsrError


def add(root: Path) -> None:
    shutil.copy(root / "ann/0.png", root / "ann/7.PNG")


def replace(root: Path) -> None:
    shutil.copyfile(root / "bob/1.png", root / "ann/0.png")


def touch(root: Path) -> None:
    os.utime(root / "ann/0.png", (0, 0))


def remove(root: Path) -> None:
    (root / "ann/0.png").unlink()


def move(root: Path) -> None:
    (root / "ann/2.png").rename(root / "bob/2.png")


def add_person(root: Path) -> None:
    shutil.copytree(root / "ann", root / "dan")


@pytest.mark.parametrize("change", [add, replace, touch, remove, move, add_person])
def test_a_change_of_the_images_shows(photo_tree: Path, change: Callable[[Path], None]) -> None:
    before = listing_digest(photo_tree)
    change(photo_tree)
    assert listing_digest(photo_tree) != before


def test_other_files_do_not_count(photo_tree: Path) -> None:
    before = listing_digest(photo_tree)
    (photo_tree / "ann/notes.txt").write_text("a")
    (photo_tree / "readme.png").write_text("not in a person's folder")
    (photo_tree / ".cache").mkdir()
    (photo_tree / ".cache/0.png").touch()
    (photo_tree / "ann/folder.png").mkdir()
    assert listing_digest(photo_tree) == before
    images = find_images(find_identities(photo_tree))
    assert len(images) == 6


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="none: no such folder, wanted"):
        listing_digest(tmp_path / "none")


def test_is_light_enough_for_the_workflow() -> None:
    code = (
        "import sys, idfsr.dataset.listing; print({'torch', 'pandas', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
