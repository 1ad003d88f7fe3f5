import hashlib
import io
import logging
import os
import shutil
import socket
from pathlib import Path

import pytest
from PIL import Image

from idfsr.dataset.index import build_manifest
from idfsr.dataset.listing import contents_digest, stat_images, write_listing
from idfsr.errors import IdfsrError
from idfsr.io.schemas import MANIFEST_SCHEMA
from idfsr.io.tables import write_table


def statuses(root: Path) -> dict[str, str]:
    manifest = build_manifest(root, num_threads=2)
    return dict(zip(manifest["path"], manifest["status"], strict=True))


def test_lists_every_image_sorted(photo_tree: Path) -> None:
    manifest = build_manifest(photo_tree, num_threads=2)
    assert manifest.columns.tolist() == MANIFEST_SCHEMA.names
    assert manifest["identity"].tolist() == ["ann"] * 3 + ["bob"] * 2 + ["cat"]
    assert manifest["image"].tolist() == ["0", "1", "2", "0", "1", "0"]
    assert manifest["path"][4] == "bob/1.png"
    data = (photo_tree / "bob" / "1.png").read_bytes()
    assert manifest["sha256"][4] == hashlib.sha256(data).hexdigest()
    assert set(manifest["width"]) == {64}
    assert set(manifest["height"]) == {48}
    assert set(manifest["status"]) == {"ok"}


def test_accepts_the_folder_that_holds_the_release(photo_tree: Path, tmp_path: Path) -> None:
    root = tmp_path / "CelebRef-HQ"
    root.mkdir()
    (root / "agreement.pdf").touch()
    shutil.move(photo_tree, root / "CelebHQRefForRelease")
    manifest = build_manifest(root, num_threads=1)
    assert manifest["identity"].nunique() == 3
    assert manifest["path"][0] == "CelebHQRefForRelease/ann/0.png"


def test_every_useless_image_has_its_reason(photo_tree: Path) -> None:
    ann = photo_tree / "ann"
    (ann / "text.png").write_text("hello")
    (ann / "empty.jpg").touch()
    Image.new("RGB", (1, 1)).save(ann / "dot.png")
    Image.new("RGB", (500, 15)).save(ann / "strip.png")
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(buffer, "JPEG")
    (ann / "cut.JPEG").write_bytes(buffer.getvalue()[:1000])
    found = statuses(photo_tree)
    assert len(found) == 11
    assert found["ann/text.png"] == "not an image"
    assert found["ann/empty.jpg"] == "empty file"
    assert found["ann/dot.png"] == "small: 1x1 pixels, shorter side below 16"
    assert found["ann/strip.png"] == "small: 500x15 pixels, shorter side below 16"
    assert found["ann/cut.JPEG"] == "truncated"
    assert sum(status == "ok" for status in found.values()) == 6


def test_later_duplicates_are_marked(photo_tree: Path) -> None:
    shutil.copy(photo_tree / "bob" / "0.png", photo_tree / "bob" / "again.png")
    shutil.copy(photo_tree / "bob" / "0.png", photo_tree / "cat" / "1.png")
    found = statuses(photo_tree)
    assert found["bob/0.png"] == "ok"
    assert found["bob/again.png"] == "duplicate: same bytes as bob/0"
    assert found["cat/1.png"] == "duplicate: same bytes as bob/0"


def test_two_files_of_one_name_have_two_keys(photo_tree: Path) -> None:
    Image.new("RGB", (64, 64)).save(photo_tree / "ann" / "0.bmp")
    manifest = build_manifest(photo_tree, num_threads=1)
    rows = manifest[manifest["path"].str.startswith("ann/0")]
    assert rows["image"].tolist() == ["0", "0.png"]
    assert rows["status"].tolist() == ["ok", "same name: 0.bmp is there too"]
    assert not manifest.duplicated(["identity", "image"]).any()


def test_a_good_image_is_used_beside_a_broken_one_of_its_name(photo_tree: Path) -> None:
    (photo_tree / "ann" / "0.jpg").write_bytes(b"cut")
    manifest = build_manifest(photo_tree, num_threads=1)
    rows = manifest[manifest["path"].str.startswith("ann/0")]
    assert rows["image"].tolist() == ["0.jpg", "0"]
    assert rows["status"].tolist() == ["not an image", "ok"]


def test_one_photograph_saved_twice_is_marked(
    photo_tree: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Image.open(photo_tree / "ann" / "1.png") as image:
        image.save(photo_tree / "ann" / "small.jpg", quality=40)
        image.resize((32, 24)).save(photo_tree / "ann" / "smaller.webp")
        image.save(photo_tree / "bob" / "ann.jpg")
    manifest = build_manifest(photo_tree, num_threads=1)
    found = dict(zip(manifest["path"], manifest["copy_of"], strict=True))
    assert {path for path, other in found.items() if other} == {
        "ann/small.jpg", "ann/smaller.webp",
    }  # fmt: skip
    assert found["ann/small.jpg"] == found["ann/smaller.webp"] == "1"
    assert set(manifest["status"]) == {"ok"}
    assert "2 photographs are copies of another one of the same person" in caplog.messages


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (b"<x>", "name: the folder's has '<', rename it"),
        (b"{x}", "name: the folder's has '{', rename it"),
        (b"-rf", "name: the folder's has '-', rename it"),
        (b"--help", "name: the folder's has '-', rename it"),
        (b"$\\foo_{$", "name: the folder's has '$', rename it"),
        (b"a\nb", "name: the folder's has control characters"),
        (b"\xff", "name: the folder's is not UTF-8"),
        (b"a" * 201, "name: the folder's is longer than 200 bytes"),
        ("Zoë  O'Hara, 北京 #1 & co".encode(), "ok"),
    ],
)
def test_names_of_people_are_decided_here(photo_tree: Path, person: bytes, reason: str) -> None:
    folder = Path(os.fsdecode(os.fsencode(photo_tree) + b"/" + person))
    shutil.copytree(photo_tree / "ann", folder)
    for path in (photo_tree / "ann").iterdir():
        path.write_bytes(b"")
    manifest = build_manifest(photo_tree, num_threads=1)
    rows = manifest[~manifest["identity"].isin(["ann", "bob", "cat"])]
    assert rows["status"].tolist() == [reason] * 3
    assert not manifest.duplicated(["identity", "image"]).any()
    write_table(manifest, photo_tree / "manifest.parquet", MANIFEST_SCHEMA)
    write_listing(photo_tree / "listing.tsv", stat_images(photo_tree), {})
    contents_digest(photo_tree, photo_tree / "listing.tsv")


def test_a_file_whose_name_is_not_utf8_has_a_row(photo_tree: Path) -> None:
    shutil.copy(photo_tree / "ann/0.png", os.fsencode(photo_tree) + b"/bob/\xff\xfe.png")
    found = statuses(photo_tree)
    assert found["bob/\\udcff\\udcfe.png"] == "name: the file's is not UTF-8"


def test_whatever_lies_in_a_folder_is_a_row_or_counted(
    photo_tree: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ann, image = photo_tree / "ann", Image.open(photo_tree / "ann/0.png")
    taken = ("heic", "tif", "tiff", "gif", "avif", "jfif", "jpe", "HEIF")
    kinds = {"jfif": "JPEG", "jpe": "JPEG", "heic": "HEIF"}
    for ending in taken:
        image.save(ann / f"photo.{ending}", kinds.get(ending))
    image.save(ann / "old.jp2")
    (ann / "more" / "deep").mkdir(parents=True)
    (ann / "0.jpg").symlink_to("nowhere")
    (ann / "loop.png").symlink_to("loop.png")
    os.mkfifo(ann / "pipe.png")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(ann / "socket.jpg"))
    (ann / "._0.jpg").touch()
    (ann / ".ipynb_checkpoints").mkdir()
    with caplog.at_level(logging.INFO):
        manifest = build_manifest(photo_tree, num_threads=1)
    assert len(manifest) == 6 + len(taken)
    counted = [line for line in caplog.messages if line.startswith("not images by their name")]
    assert counted == [
        f"not images by their name, {kind}" for kind in
        (".jp2: 1", "broken link: 2", "folder: 1", "hidden: 2", "pipe: 1", "socket: 1")
    ]  # fmt: skip
    assert len(list(ann.iterdir())) == len(taken) + 3 + 8


def test_other_files_are_counted_in_the_log(
    photo_tree: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (photo_tree / "readme.txt").touch()
    (photo_tree / "ann" / "a.txt").touch()
    (photo_tree / "ann" / "b.txt").touch()
    (photo_tree / "bob" / "raw").mkdir()
    (photo_tree / "nobody").mkdir()
    with caplog.at_level(logging.INFO):
        manifest = build_manifest(photo_tree, num_threads=1)
    assert len(manifest) == 6
    assert f"{photo_tree}: 1 entries that are no identity" in caplog.messages
    assert "not images by their name, .txt: 2" in caplog.messages
    assert "not images by their name, folder: 1" in caplog.messages
    assert f"{photo_tree / 'nobody'}: no image, the identity is left out" in caplog.messages
    assert "ok: 6 images" in caplog.messages


def test_identity_with_one_image_is_listed(photo_tree: Path) -> None:
    manifest = build_manifest(photo_tree, num_threads=1)
    assert manifest[manifest["identity"] == "cat"]["status"].tolist() == ["ok"]


def test_no_threads(photo_tree: Path) -> None:
    with pytest.raises(IdfsrError, match="found 0 threads, wanted 1 or more"):
        build_manifest(photo_tree, num_threads=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        ((), "root: no such folder"),
        (("root/",), "root: empty folder"),
        (("root/0.png",), "root: found 1 files but no folder"),
        (("root/ann/",), "root: no image in any identity's folder"),
        (("root/CelebHQRefForRelease/",), "CelebHQRefForRelease: empty folder"),
        (("root",), "root: found a file"),
        (("root/ann/0.png",), r"none of 1 images can be used, ann/0\.png: empty file"),
    ],
)
def test_bad_folder_is_one_line(tmp_path: Path, make: tuple[str, ...], message: str) -> None:
    for name in make:
        path = tmp_path / name
        if name.endswith("/"):
            path.mkdir(parents=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    with pytest.raises(IdfsrError, match=message) as caught:
        build_manifest(tmp_path / "root", num_threads=1)
    assert "\n" not in str(caught.value)
