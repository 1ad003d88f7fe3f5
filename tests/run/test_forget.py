"""After `idfsr forget` no file of a run names or shows the person.

The run has a file of every kind that a rule makes (`tests/integrity/kinds.py`, which whoever adds a
kind extends), and beside them logs, records and pictures.
"""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from idfsr.io.seals import check_parquet
from idfsr.io.tables import read_tsv, write_tsv
from idfsr.main import main
from idfsr.run.forget import forget
from tests.integrity.kinds import KINDS, PNG

PERSON, OTHER = "00002", "00001"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with every kind of file, in a folder of its own."""
    results = tmp_path / "results" / "family"
    for number, kind in enumerate(KINDS):
        path = results / f"kind-{number}" / kind.name
        path.parent.mkdir(parents=True)
        kind.write(path)
    rows = [(PERSON, "0", "pretrain", ""), (PERSON, "1", "pretrain", ""), (OTHER, "0", "test", "")]
    split = pd.DataFrame(rows, columns=["identity", "image", "part", "reason"])
    write_tsv(split, results / "split.tsv")
    for name in ("pretrain/model.safetensors", f"fit/x8/{PERSON}/embedding.safetensors"):
        (results / name).parent.mkdir(parents=True)
        (results / name).write_bytes(b"numbers")
    (results / f"restored/x8/bicubic/{PERSON}.made.json").parent.mkdir(parents=True)
    (results / f"restored/x8/bicubic/{PERSON}.made.json").write_text("{}")
    for name in ("figures/grid-x8.png", "report/index.html", "pretrain/progress/sheet.png"):
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_bytes(PNG)
    (results / "config").mkdir()
    (results / "config/split.json").write_text(json.dumps({"representative": [PERSON]}))
    log = tmp_path / "logs/family/fit/x8/batch-00000.txt"
    log.parent.mkdir(parents=True)
    log.write_text(f"{OTHER}, 1 of 2\n{PERSON}, 2 of 2\nshard-{PERSON}.parquet\n")
    (log.parent / f"{PERSON}.txt").write_text("step 1")
    metadata = tmp_path / ".snakemake/metadata"
    metadata.mkdir(parents=True)
    (metadata / "cmVzdWx0cw==").write_text(json.dumps({"input": [f"fit/x8/{PERSON}/a"]}))
    (metadata / "b3RoZXI=").write_text(json.dumps({"input": ["fit/x8/00001/a"]}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def texts_of(path: Path) -> str:
    """Return all that a file says, tables unpacked, and its name."""
    if path.suffix == ".parquet" and path.read_bytes()[:4] == b"PAR1":
        return f"{path} {pq.read_table(path).to_pandas().to_string()}"
    return f"{path} {path.read_bytes().decode(errors='replace')}"


def test_no_file_names_or_shows_the_person(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = [path for path in run.rglob("*") if path.is_file()]
    assert any(PERSON in texts_of(path) for path in before)
    main(["forget", PERSON, "--run", "family"])
    after = [path for path in run.rglob("*") if path.is_file()]
    left = [path for path in after if PERSON in texts_of(path).replace(f"shard-{PERSON}", "")]
    assert left == []
    pictures = [path for path in after if path.suffix in (".png", ".html")]
    assert {path.parent.name for path in pictures} <= {"ann", "bob"}  # photographs of others
    said = capsys.readouterr().out
    assert "was trained on 00002: results/family/pretrain/model.safetensors" in said
    assert "kind-1/manifest.parquet" not in said  # of other people
    # what is left of the others can still be read, and says what it said
    for path in after:
        if path.suffix == ".parquet" and path.read_bytes()[:4] == b"PAR1":
            check_parquet(path)
    assert set(read_tsv(run / "results/family/split.tsv")["identity"]) == {OTHER}
    assert any(OTHER in texts_of(path) for path in after if path.name == "shard.parquet")
    assert (run / ".snakemake/metadata/b3RoZXI=").is_file()


def test_a_person_of_the_test_left_no_trace_in_weights(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["forget", OTHER, "--run", "family"])
    assert "was trained on" not in capsys.readouterr().out
    assert set(read_tsv(run / "results/family/split.tsv")["identity"]) == {PERSON}


def test_photographs_go_when_they_are_named(run: Path) -> None:
    for person in (PERSON, OTHER):
        (run / "photos" / person).mkdir(parents=True)
        (run / "photos" / person / "0.jpg").touch()
    main(["forget", PERSON, "--photographs", "photos"])
    assert [path.name for path in (run / "photos").iterdir()] == [OTHER]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nobody", "--run", "family"], "split.tsv: found no nobody, wanted a person of the run"),
        ([PERSON, "--run", "none"], "split.tsv: no such file"),
        ([PERSON, "--run", "../family"], "wanted a name as in results/<run>"),
        ([PERSON], "found neither --run nor --photographs"),
        (["..", "--photographs", "results"], "no such folder, wanted a person's photographs"),
    ],
)
def test_mistakes_are_one_line(
    run: Path, words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["forget", *words])
    assert caught.value.code == 2
    assert line in capsys.readouterr().err
    assert (run / f"results/family/fit/x8/{PERSON}").is_dir()


def test_a_folder_without_the_person_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("other people")
    assert list(forget(tmp_path, PERSON)) == []
