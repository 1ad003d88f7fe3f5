"""What shows that photographs came, went or changed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from idfsr.dataset.listing import (
    contents_digest,
    find_identities,
    find_images,
    stat_images,
    write_listing,
)
from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest


def index(root: Path, listing: Path) -> None:
    """Write the listing as the index does."""
    stamps = stat_images(root)
    write_listing(listing, stamps, {name: file_digest(root / name) for name in stamps})


def add(root: Path) -> None:
    shutil.copy(root / "ann/0.png", root / "ann/7.PNG")


def replace(root: Path) -> None:
    shutil.copyfile(root / "bob/1.png", root / "ann/0.png")


def remove(root: Path) -> None:
    (root / "ann/0.png").unlink()


def move(root: Path) -> None:
    (root / "ann/2.png").rename(root / "bob/2.png")


def add_person(root: Path) -> None:
    shutil.copytree(root / "ann", root / "dan")


@pytest.mark.parametrize("change", [add, replace, remove, move, add_person])
def test_a_change_of_the_images_shows_until_they_are_indexed(
    photo_tree: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    listing = tmp_path / "listing.tsv"
    first = contents_digest(photo_tree, listing)
    index(photo_tree, listing)
    assert contents_digest(photo_tree, listing) == first
    change(photo_tree)
    changed = contents_digest(photo_tree, listing)
    assert changed != first
    index(photo_tree, listing)
    assert contents_digest(photo_tree, listing) == changed


@pytest.mark.parametrize(
    "text", [b"", b"path\n0\n", b"\xff", b"path\tsize\tmtime_ns\tsha256\na\tb"]
)
def test_a_damaged_listing_is_as_none(photo_tree: Path, tmp_path: Path, text: bytes) -> None:
    listing = tmp_path / "listing.tsv"
    before = contents_digest(photo_tree, listing)
    listing.write_bytes(text)
    assert contents_digest(photo_tree, listing) == before


def test_the_time_of_a_file_does_not_count(photo_tree: Path, tmp_path: Path) -> None:
    listing = tmp_path / "listing.tsv"
    index(photo_tree, listing)
    before = contents_digest(photo_tree, listing)
    os.utime(photo_tree / "ann/0.png", (0, 0))
    assert contents_digest(photo_tree, listing) == before


def test_files_that_are_as_listed_are_not_read(
    photo_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing, read = tmp_path / "listing.tsv", []
    index(photo_tree, listing)

    def digest(path: Path) -> str:
        read.append(path.relative_to(photo_tree).as_posix())
        return file_digest(path)

    monkeypatch.setattr("idfsr.dataset.listing.file_digest", digest)
    contents_digest(photo_tree, listing)
    assert read == []
    os.utime(photo_tree / "ann/1.png", (0, 0))
    contents_digest(photo_tree, listing)
    assert read == ["ann/1.png"]


def test_other_files_do_not_count(photo_tree: Path) -> None:
    before = stat_images(photo_tree)
    (photo_tree / "ann/notes.txt").write_text("a")
    (photo_tree / "readme.png").write_text("not in a person's folder")
    (photo_tree / ".cache").mkdir()
    (photo_tree / ".cache/0.png").touch()
    (photo_tree / "ann/folder.png").mkdir()
    assert stat_images(photo_tree) == before
    images = find_images(find_identities(photo_tree))
    assert len(images) == 6


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="none: no such folder, wanted"):
        stat_images(tmp_path / "none")


def test_is_light_enough_for_the_workflow() -> None:
    code = (
        "import sys, idfsr.dataset.listing; print({'torch', 'pandas', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
