"""Data sets in their published formats become folders, and what is broken is counted."""

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from idfsr.config.dataset import DatasetConfig, IndexConfig
from idfsr.dataset.frames import choose_frames
from idfsr.dataset.index import build_manifest
from idfsr.dataset.packed import find_reader
from idfsr.dataset.records import read_index
from idfsr.dataset.unpack import unpack_dataset
from idfsr.errors import IdfsrError
from idfsr.io.images import read_image
from idfsr.io.schemas import MANIFEST_SCHEMA
from idfsr.io.tables import read_table, write_table
from idfsr.io.yaml_files import read_yaml
from idfsr.main import main
from idfsr.run.config import Config, load_config, parse_config, stage_json
from idfsr.run.forget import forget
from idfsr.run.inputs import named_weights, sources_digest
from tests.conftest import make_image
from tests.dataset import packed

SOURCE = "-0BrmyFsYM_"  # an id that begins with a hyphen, as one of 64 does


def unpack(dataset: DatasetConfig, out: Path, max_megapixels: int = 100) -> dict[str, str]:
    """Unpack and index a data set; return the status of each image by person and name."""
    left_out = unpack_dataset(dataset, IndexConfig(max_megapixels=max_megapixels), out, threads=2)
    manifest = build_manifest(out / "images", 1, left_out=left_out)
    assert not manifest.duplicated(["identity", "image"]).any()
    write_table(manifest, out / "manifest.parquet", MANIFEST_SCHEMA)
    names = manifest["identity"] + "/" + manifest["image"]
    return dict(zip(names, manifest["status"], strict=True))


def records_of(path: Path) -> DatasetConfig:
    return DatasetConfig(kind="casia_webface", root=str(path))


def clips_of(root: Path, frames: int = 3) -> DatasetConfig:
    return DatasetConfig(kind="celebv_text", root=str(root), frames_per_clip=frames)


def table_of(root: Path, table: Path) -> DatasetConfig:
    return DatasetConfig(kind="ref_ldm", root=str(root), references=str(table))


def test_casia_webface_in_folders_is_not_unpacked() -> None:
    assert find_reader(DatasetConfig(kind="casia_webface", root="data/CASIA-WebFace")) is None
    assert find_reader(records_of(Path("data/faces/train.rec"))) is not None


def test_records_become_files_of_the_same_bytes(tmp_path: Path) -> None:
    images = [packed.jpeg(n) for n in range(5)]
    # comments of JPEG whose bytes are the magic number, at every place to which four bytes align
    comments = b"".join(
        b"\xff\xfe" + struct.pack(">H", 2 + 4 + pad) + b"\0" * pad + struct.pack("<I", packed.MAGIC)
        for pad in range(4)
    )
    images[3] = images[3][:2] + comments + images[3][2:]
    path = packed.write_records(tmp_path / "faces", [images[:2], images[2:]])
    assert path.read_bytes().count(struct.pack("<I", packed.MAGIC)) > 8
    found = unpack(records_of(path), tmp_path / "out")
    assert found == dict.fromkeys(
        ["00000/0000001", "00000/0000002", "00001/0000003", "00001/0000004", "00001/0000005"], "ok"
    )
    files = sorted((tmp_path / "out/images").rglob("*.jpg"))
    assert [file.read_bytes() for file in files] == images
    reader = find_reader(records_of(path))
    assert reader is not None
    assert reader.count_images(records_of(path)) == (2, 5)


def test_each_broken_record_is_a_row(tmp_path: Path) -> None:
    images = [packed.jpeg(n) for n in range(9)]
    images[1] = images[1][:500]
    images[2] = b""
    path = packed.write_records(tmp_path, [images[:4], images[4:]])
    offsets = read_index(path.with_suffix(".idx"))
    data = bytearray(path.read_bytes())
    data[offsets[5]] ^= 1  # its magic number
    struct.pack_into("<f", data, offsets[6] + 12, float("nan"))  # its label
    struct.pack_into("<I", data, offsets[7] + 4, 10)  # its length
    struct.pack_into("<I", data, offsets[8] + 8, 2**20)  # the number of its labels
    path.write_bytes(data[: offsets[9] + 100])
    found = unpack(records_of(path), tmp_path / "out")
    assert len(found) == 9
    assert found["00000/0000001"] == found["00000/0000004"] == "ok"
    assert found["00000/0000002"] == "truncated"
    assert found["00000/0000003"] == "empty file"
    assert found["unknown/0000005"] == f"record: none at offset {offsets[5]}"
    assert found["unknown/0000006"] == "record: label nan, wanted the number of a person"
    assert found["unknown/0000007"] == "record: 10 bytes, fewer than a header has"
    assert found["unknown/0000008"].endswith("fewer than 1048576 labels have")
    assert found["unknown/0000009"].startswith("record: cut after 92 of ")
    path.with_suffix(".idx").write_text("1\t0\n2\t99999999\n")
    path.write_bytes(packed.frame_record(packed.pack([7.0], packed.jpeg(1))))
    found = unpack(records_of(path), tmp_path / "out")
    beyond = "record: offset 99999999 beyond the end of the file"
    assert found == {"00007/0000001": "ok", "unknown/0000002": beyond}


def test_frames_are_taken_at_equal_distances(tmp_path: Path) -> None:
    assert choose_frames(12, 3) == [2, 6, 10]
    assert choose_frames(2, 5) == [0, 1]
    packed.write_clip(tmp_path / f"clips/sp_0001/{SOURCE}_0.mp4", 1)
    packed.write_clip(tmp_path / f"clips/sp_0002/{SOURCE}_1_22.mp4", 2)
    packed.write_clip(tmp_path / "clips/grandmother.mp4", 3)
    found = unpack(clips_of(tmp_path / "clips"), tmp_path / "out")
    assert found == dict.fromkeys(
        [
            *(f"grandmother/grandmother-{n:06d}" for n in (2, 6, 10)),
            *(f"yt_{SOURCE}/{SOURCE}_0-{n:06d}" for n in (2, 6, 10)),
            *(f"yt_{SOURCE}/{SOURCE}_1_22-{n:06d}" for n in (2, 6, 10)),
        ],
        "ok",
    )
    frame = read_image(tmp_path / f"out/images/yt_{SOURCE}/{SOURCE}_0-000006.png")
    error = np.abs(frame.astype(int) - make_image(1006)).mean()
    assert error < np.abs(frame.astype(int) - make_image(1005)).mean() / 4, error


def test_each_broken_clip_is_a_row(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    packed.write_clip(clips / f"a/{SOURCE}_0.mp4", 1)
    packed.write_clip(clips / f"b/{SOURCE}_0.mp4", 2)
    packed.write_clip(clips / "large.mp4", 3, size=1024)
    (clips / "text.mp4").write_text("hello")
    (clips / "empty.mp4").touch()
    whole = packed.write_clip(clips / "head.mp4", 4).read_bytes()
    (clips / "head.mp4").write_bytes(whole[: len(whole) // 2])
    packed.write_clip(clips / "tail.avi", 5, size=128)
    whole = (clips / "tail.avi").read_bytes()
    (clips / "tail.avi").write_bytes(whole[: len(whole) * 2 // 3])
    (clips / "notes.json").touch()
    found = unpack(clips_of(clips), tmp_path / "out", max_megapixels=1)
    broken = {name: status for name, status in found.items() if status != "ok"}
    cut = [status for name, status in broken.items() if name.startswith("tail/")]
    assert cut
    assert all(status.startswith("clip: cut after ") for status in cut)
    assert {name: status for name, status in broken.items() if not name.startswith("tail/")} == {
        f"yt_{SOURCE}/b_{SOURCE}_0.mp4": f"same name: a/{SOURCE}_0.mp4 is there too",
        "large/large": "too large: 1024x1024 pixels, more than 1,000,000",
        "text/text": "clip: cannot be decoded",
        "empty/empty": "clip: empty file",
        "head/head": "clip: cannot be decoded",
    }
    assert len(found) == 3 + 3 + 5  # frames of the first and of the cut one, and a row for others


def test_a_table_of_references_tells_the_people(tmp_path: Path) -> None:
    images = tmp_path / "images1024x1024"
    for number in (3, 7, 11, 12, 20, 21):
        path = images / f"{number // 10:05d}" / f"{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), make_image(number))
    rows = [
        ("00003.png", ["00007.png"]),
        ("00007.png", ["00003.png", "00012.png"]),
        ("20.jpg", ["21.jpg", "99.jpg"]),
    ]
    table = packed.write_table(tmp_path / "reference_mapping/test_references.csv", rows)
    found = unpack(table_of(images, table), tmp_path / "out")
    ok = ["00003/00003", "00003/00007", "00003/00012", "20/20", "20/21"]
    assert found == {**dict.fromkeys(ok, "ok"), "20/99.jpg": "no such image"}
    assert (tmp_path / "out/images/20/20.png").is_symlink()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "found no row"),
        ([("1.png", "[")], r"found '\[' in line 2, wanted a list of images"),
        ([("1.png", "__import__('os')")], "wanted a list of images"),
        ([("../..", "['1.png']")], r"found '\.\.' in line 2, wanted the name of an image"),
    ],
)
def test_a_table_that_is_none_is_one_line(
    tmp_path: Path, rows: list[tuple[str, str]], message: str
) -> None:
    lines = ["gt_image,lq_image,ref_image", *(f'{name},x,"{text}"' for name, text in rows)]
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(IdfsrError, match=message):
        unpack(table_of(tmp_path, tmp_path / "table.csv"), tmp_path / "out")


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (records_of(Path("train.rec")), r"train\.idx: no such file or directory, wanted an index"),
        (records_of(Path("bad.rec")), r"bad\.idx: found 'x' in line 2, wanted a key, tab and"),
        (records_of(Path("none.rec")), r"none\.idx: found no record"),
        (records_of(Path("empty.rec")), r"empty\.rec: empty file, wanted records of MXNet"),
        (clips_of(Path("clips")), "clips: no such folder, wanted one with clips"),
        (clips_of(Path()), r"found 6 files but no clip"),
        (table_of(Path("images"), Path("t.csv")), "images: no such folder"),
        (table_of(Path(), Path("t.csv")), r"t\.csv: no such file, wanted a table"),
    ],
)
def test_what_is_no_data_set_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: DatasetConfig, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("bad", "1\t0\nx\n"), ("none", ""), ("empty", "1\t0\n")):
        Path(f"{name}.idx").write_text(text)
        Path(f"{name}.rec").touch()
    with pytest.raises(IdfsrError, match=message) as caught:
        unpack(dataset, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_nothing_that_can_be_had_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips/a.mp4").touch()
    with pytest.raises(IdfsrError, match=r"none of 1 images can be had, a\.mp4: clip: empty file"):
        unpack(clips_of(tmp_path / "clips"), tmp_path / "out")


def test_damaged_records_never_end_in_a_traceback(tmp_path: Path) -> None:
    path = packed.write_records(tmp_path, [[packed.jpeg(n, 24) for n in range(4)]])
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(100):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 20):
            data[place] = rng.integers(256)
        path.write_bytes(data)
        try:
            unpack_dataset(records_of(path), IndexConfig(), tmp_path / "out", threads=1)
        except IdfsrError as error:
            assert "can be had" in str(error)  # noqa: PT017 - that it raises is not certain


def test_a_person_of_a_clip_is_forgotten_and_changes_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = packed.write_clip(tmp_path / f"clips/sp_0001/{SOURCE}_0.mp4", 1)
    packed.write_clip(tmp_path / "clips/ann.mp4", 2)
    (tmp_path / "clips/broken.mp4").touch()
    run = Config(run="video", dataset=clips_of(Path("clips")))
    results = tmp_path / "results/video"
    results.mkdir(parents=True)
    (results / "index.json").write_text(stage_json(run, "index"))
    before = sources_digest(run)
    out = results / "unpacked"
    common = ["--config", str(results / "index.json")]
    listing = ["--left-out", str(out / "left_out.tsv"), "--listing"]
    main(["unpack", *common, "--out-dir", str(out), *listing, str(out / "listing.tsv")])
    tables = ["--manifest", str(results / "m.parquet"), "--listing", str(results / "listing.tsv")]
    left_out = ["--left-out", str(out / "left_out.tsv")]
    main(["index", *common, "--root", str(out / "images"), *left_out, *tables])
    statuses = read_table(results / "m.parquet")["status"].tolist()
    assert statuses == ["ok"] * 6 + ["clip: empty file"]
    assert sources_digest(run) == before
    os.utime(clip)
    assert sources_digest(run) == before
    shutil.copy(tmp_path / "clips/ann.mp4", clip)
    assert sources_digest(run) != before
    for person in (f"yt_{SOURCE}", "broken"):
        assert list(forget(results, person))
    left = [path for path in results.rglob("*") if path.is_file()]
    text = " ".join(f"{path} {path.read_bytes()!r}" for path in left if path.suffix != ".parquet")
    assert SOURCE not in text
    assert "broken" not in text
    assert set(read_table(results / "m.parquet")["identity"]) == {"ann"}
    assert json.loads((results / "index.json").read_text())["dataset"]["kind"] == "celebv_text"


@pytest.mark.parametrize(
    "name",
    ["casia-webface", "celebv-text", "celebref-finedetail", "ffhq-ref", "celeba-test-ref"],
)
def test_configurations_take_the_networks_of_the_papers_run(name: str) -> None:
    paper, overlay = (read_yaml(Path(f"config/{file}.yaml"), "") for file in ("celebref-hq", name))
    run = parse_config(merge(paper, overlay), name)
    assert run.run == name
    assert run.model == load_config(Path("config/celebref-hq.yaml")).model
    assert (run.pretrain.num_images, run.lr_detector.num_images) == (0, 0)
    missing = named_weights(run)  # each would be a line before the first job
    trained = {str(path) for path in missing.values() if path.is_relative_to("results")}
    assert trained == {
        f"results/celebref-hq/{network}/model.safetensors"
        for network in ("lr_detector", "pretrain")
    }


def merge(values: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Lay a configuration over another one, as Snakemake does."""
    sections = {key: {**values.get(key, {}), **own} for key, own in others.items() if key != "run"}
    return {**values, **sections, "run": others["run"]}
