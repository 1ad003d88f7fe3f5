"""`idfsr export` and `idfsr check`, on a small run made by hand."""

from pathlib import Path

import pandas as pd
import pytest

from idfsr.io.shards import write_shard
from idfsr.io.tables import read_tsv, write_table, write_tsv
from idfsr.main import main
from idfsr.methods.engine.restore import RESTORED_SCHEMA
from tests.conftest import make_row

PEOPLE = ("00001", "00002")


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The export of a run of two people, each with a fit and a test image, and one not restored."""
    monkeypatch.chdir(tmp_path)
    run = Path("results/family")
    rows = [
        make_row(identity, image, part)
        for identity in PEOPLE
        for image, part in (("a", "fit"), ("b", "test"))
    ]
    write_shard(rows, run / "shards/x8/test-00000.parquet", {})
    for row in (rows[1], rows[3]):
        lost = row["identity"] == "00002"
        values = {
            "identity": row["identity"], "image": "b", "scale_factor": 8, "method": "bicubic",
            "sr_image": None if lost else row["gt_image"],
            "problem": "no reference" if lost else "", "model_digest": "",
        }  # fmt: skip
        path = run / f"restored/x8/bicubic/{row['identity']}.parquet"
        write_table(pd.DataFrame([values]), path, RESTORED_SCHEMA)
    split = [(identity, "b", "test", "") for identity in PEOPLE]
    write_tsv(
        pd.DataFrame(split, columns=["identity", "image", "part", "reason"]), run / "split.tsv"
    )
    main(["export", "family"])
    return run / "export"


def test_images_are_those_of_the_run_and_each_is_listed(exported: Path) -> None:
    files = {path.relative_to(exported).as_posix() for path in exported.rglob("*.png")}
    assert files == {
        *(f"lr/x8/{person}/b.png" for person in PEOPLE),
        *(f"ground_truth/{person}/b.png" for person in PEOPLE),
        *(f"references/{person}/a.png" for person in PEOPLE),
        "restored/bicubic/x8/00001/b.png",
    }
    row = make_row("00002", "b", "test")
    assert (exported / "lr/x8/00002/b.png").read_bytes() == row["lr_image"]
    assert (exported / "ground_truth/00002/b.png").read_bytes() == row["gt_image"]
    listed = read_tsv(exported / "manifest.tsv").set_index("file")
    assert set(listed.index) == files | {"restored/bicubic/x8/00002/b.png"}
    assert listed.loc["restored/bicubic/x8/00002/b.png", "problem"] == "no reference"


def test_a_whole_folder_is_said_to_be_whole(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", str(exported)])
    assert "every file is there and is what it was" in capsys.readouterr().out


def test_each_fault_is_a_line(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (exported / "lr/x8/00001/b.png").unlink()
    (exported / "references/00001/a.png").write_bytes(b"other")
    (exported / "restored/bicubic/x8/00002").mkdir()
    (exported / "restored/bicubic/x8/00002/b.png").write_bytes(b"more")
    (exported / "note.txt").write_text("mine")
    with pytest.raises(SystemExit) as caught:
        main(["check", str(exported)])
    assert caught.value.code == 2
    lines = capsys.readouterr().err.removeprefix("idfsr check: error: ").splitlines()
    wanted = {
        "lr/x8/00001/b.png": "no such file",
        "references/00001/a.png": "found other bytes",
        "restored/bicubic/x8/00002/b.png": "found a file, wanted none: no reference",
        "note.txt": "found a file that manifest.tsv does not list",
    }
    assert len(lines) == len(wanted)
    for (name, what), line in zip(sorted(wanted.items()), sorted(lines), strict=True):
        assert line.startswith(f"{exported / name}: {what}")


def test_a_changed_list_and_a_name_that_leads_out_are_found(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = exported / "manifest.tsv"
    manifest.write_text(manifest.read_text().replace("lr/x8/00001", "../../x8/00001"))
    with pytest.raises(SystemExit):
        main(["check", str(exported)])
    assert "found other bytes than manifest.tsv.sha256 says" in capsys.readouterr().err
    (exported / "manifest.tsv.sha256").unlink()
    with pytest.raises(SystemExit):
        main(["check", str(exported)])
    assert "found a name that leads out of the folder" in capsys.readouterr().err


def test_a_folder_with_files_is_left_alone(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (exported / "manifest.tsv").read_bytes()
    for name, line in (("family", "wanted a new or an empty folder"), ("none", "found no shards")):
        with pytest.raises(SystemExit) as caught:
            main(["export", name])
        assert caught.value.code == 2
        assert line in capsys.readouterr().err
    assert (exported / "manifest.tsv").read_bytes() == before


def test_a_forgotten_person_is_taken_out_and_the_rest_is_whole(exported: Path) -> None:
    main(["forget", "00002", "--run", "family"])
    assert not [path for path in exported.rglob("*") if "00002" in str(path)]
    assert "00002" not in (exported / "manifest.tsv").read_text()
    assert len(list(exported.rglob("*.png"))) == 4
    main(["check", str(exported)])
