"""Files in and out: albums, outputs, modes, metadata, marks."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from idfsr.errors import IdfsrError
from idfsr.io.decoding import UnreadableImageError
from idfsr.photographs.album import find_faces
from idfsr.photographs.marks import COMPOSITE, encode_marked, read_source_type
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.originals import open_original
from idfsr.photographs.outputs import check_writable, list_photographs, plan_outputs
from tests.photographs.conftest import draw, photograph


def test_an_album_is_taken_as_it_is(
    tmp_path: Path, loaded: PhotographNetworks, caplog: pytest.LogCaptureFixture
) -> None:
    """With a stranger, a group, a copy, a face too small, and files that are none."""
    album = tmp_path / "ann"
    photograph(album / "a.png", (1, 0, 30))
    photograph(album / "b.png", (2, 0, 10), (1, 1, 140))
    photograph(album / "c.png", (2, 1, 60))
    Image.open(album / "a.png").save(album / "copy.webp", quality=95)
    photograph(album / "nobody.png")
    photograph(album / "tiny.png", (1, 3, 60), side=8)
    (album / "broken.jpg").write_bytes(b"no photograph")
    caplog.set_level("INFO")
    faces = find_faces(album, loaded)
    assert [name for _, name in faces] == ["a.png", "b.png"]
    assert faces["ann", "b.png"].box[0] == 140
    said = [line.removeprefix(f"{album}/") for line in caplog.messages]
    assert [line for line in said if "likeness" not in line] == [
        "a.png: taken",
        "b.png: taken",
        "broken.jpg: left out: not an image",
        "copy.webp: left out: shows what a.png shows",
        "nobody.png: left out: no face",
        "tiny.png: left out: the largest face has 8 pixels, too few to learn from",
    ]
    assert any(line.startswith("c.png: left out: another person, likeness") for line in said)


def test_an_output_is_never_an_input(tmp_path: Path) -> None:
    path = photograph(tmp_path / "x.png", (1, 0, 30))
    with pytest.raises(IdfsrError, match=r"x\.png: is a photograph to read, wanted another folder"):
        plan_outputs([path], tmp_path / ".")
    link = tmp_path / "out"
    link.symlink_to(tmp_path)
    with pytest.raises(IdfsrError, match="is a photograph to read"):
        plan_outputs([path], link)


def test_names_of_outputs(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.jpg", "a.heic", "b.jpg", "b.jpg")]
    planned = plan_outputs(paths, tmp_path / "out")
    assert [target.name for target in planned.values()] == ["a.jpg.png", "a.heic.png", "b.png"]
    with pytest.raises(IdfsrError, match=r"a\.jpg\.png: several photographs have that name"):
        plan_outputs([tmp_path / "a.jpg", tmp_path / "c" / "a.jpg"], tmp_path / "out")


def test_folders_are_taken(tmp_path: Path) -> None:
    inside = photograph(tmp_path / "album" / "0.png", (1, 0, 30))
    alone = photograph(tmp_path / "1.png", (1, 0, 30))
    assert list_photographs([tmp_path / "album", alone]) == [inside, alone]
    (tmp_path / "empty").mkdir()
    with pytest.raises(IdfsrError, match="empty: found no photograph"):
        list_photographs([tmp_path / "empty"])


def test_what_cannot_be_written_is_noticed_before(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "folder" / "ann.safetensors")
    (tmp_path / "file").write_text("")
    with pytest.raises(IdfsrError, match=r"file: found a file, wanted a folder to write a\.png to"):
        check_writable(tmp_path / "file" / "a.png")
    with pytest.raises(IdfsrError, match="found a folder, wanted the name of a file"):
        check_writable(tmp_path)
    with pytest.raises(IdfsrError, match=r"/proc: .*, wanted a folder to write ann"):
        check_writable(Path("/proc/ann.safetensors"))


def test_profile_and_exif_are_kept(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "Ann by the sea"
    path = tmp_path / "in.jpg"
    Image.fromarray(draw((1, 0, 30))).save(path, exif=exif, icc_profile=profile)
    original = open_original(path)
    assert original.image.size == (100, 220)
    (tmp_path / "out.png").write_bytes(encode_marked(original.image, original))
    with Image.open(tmp_path / "out.png") as written:
        assert written.info["icc_profile"] == profile
        assert written.getexif()[0x010E] == "Ann by the sea"
        assert written.getexif().get(0x0112, 1) == 1
        np.testing.assert_array_equal(np.array(written), original.rgb)


def test_colours_are_brought_into_the_profile(tmp_path: Path) -> None:
    """Grey of 8 and of 16 bits has one channel, and white of 16 bits is 65,535."""
    space = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    grey = np.full((4, 4, 3), 128, np.uint8)
    path = tmp_path / "in.png"
    Image.fromarray(grey).save(path, icc_profile=space.tobytes())
    np.testing.assert_allclose(open_original(path).in_own_colours(grey), 128, atol=1)
    Image.fromarray(grey[..., 0]).save(path)
    assert open_original(path).in_own_colours(grey).tolist() == np.full((4, 4, 1), 128.0).tolist()
    Image.fromarray(grey[..., 0].astype(np.uint16) * 257).save(path)
    assert open_original(path).in_own_colours(grey).max() == 128 * 257


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"a\.jpg: no such file"):
        open_original(tmp_path / "a.jpg")


def test_a_restored_file_is_marked(tmp_path: Path) -> None:
    path = photograph(tmp_path / "in.png", (1, 0, 30))
    assert read_source_type(path) == ""
    original = open_original(path)
    marked = tmp_path / "out.png"
    marked.write_bytes(encode_marked(original.image, original))
    assert read_source_type(marked) == COMPOSITE
    with Image.open(io.BytesIO(marked.read_bytes())) as image:
        assert (
            f'DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{COMPOSITE}"'
            in (image.info["XML:com.adobe.xmp"])
        )
    (tmp_path / "note.png").write_text("no photograph")
    with pytest.raises(IdfsrError, match=r"note\.png: not an image"):
        read_source_type(tmp_path / "note.png")
