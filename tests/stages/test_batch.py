"""A batch does what the single command does, once for each person, and goes on where it was."""

import os
from pathlib import Path

import pytest
import torch

from idfsr.config.fit import FitConfig
from idfsr.io.file_lists import listed_files
from idfsr.io.shards import write_shard
from idfsr.main import main
from idfsr.methods.engine.embedding import load_embedding
from idfsr.models.checkpoint import save_model
from idfsr.run.config import Config, stage_json
from tests.training.makers import make_network, make_row

PEOPLE = ("00007", "00008", "00009")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shard with three people, and the settings; both as old as the hills."""
    rows = [
        make_row(int(identity), image, part, [1], 8, 32)
        for identity in PEOPLE
        for image, part in ((0, "fit"), (1, "fit"), (2, "test"))
    ]
    write_shard(rows, tmp_path / "test.parquet", {"scale_factor": "8"})
    (tmp_path / "restore.json").write_text(stage_json(Config(), "restore-bicubic"))
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    return tmp_path


def single(folder: Path, identity: str, name: str) -> list[str]:
    """Return the words of the command for one person."""
    return [
        "restore",
        *("--config", str(folder / "restore.json")),
        *("--method", "bicubic"),
        *("--shards", str(folder / "test.parquet")),
        *("--identity", identity),
        *("--restored", str(folder / name)),
    ]


def batch(folder: Path, *people: str, code: str = "c0de") -> set[str]:
    """Restore some people in one process, and return whose file was written."""
    before = {path: path.stat().st_mtime_ns for path in folder.glob("000*.parquet")}
    main(
        [
            "batch",
            *("--identities", *people),
            *("--code", code),
            *("--makes", str(folder / "{identity}.parquet")),
            *("--list", str(folder / "batch-00000.tsv")),
            "--",
            *single(folder, "{identity}", "{identity}.parquet"),
        ]
    )
    now = {path: path.stat().st_mtime_ns for path in folder.glob("000*.parquet")}
    return {path.stem for path, written in now.items() if before.get(path) != written}


def test_makes_the_bytes_of_the_single_command(folder: Path) -> None:
    assert batch(folder, *PEOPLE) == set(PEOPLE)
    main(single(folder, "00008", "alone.parquet"))
    assert (folder / "00008.parquet").read_bytes() == (folder / "alone.parquet").read_bytes()
    assert listed_files([folder / "batch-00000.tsv"], ".parquet") == [
        folder / f"{identity}.parquet" for identity in PEOPLE
    ]


def test_goes_on_where_it_was(folder: Path) -> None:
    assert batch(folder, "00007", "00008") == {"00007", "00008"}
    assert batch(folder, *PEOPLE) == {"00009"}
    assert batch(folder, *PEOPLE) == set()
    (folder / "00008.parquet").unlink()
    assert batch(folder, *PEOPLE) == {"00008"}


def test_other_code_or_a_newer_input_makes_all_anew(folder: Path) -> None:
    batch(folder, *PEOPLE)
    assert batch(folder, *PEOPLE, code="0ther") == set(PEOPLE)
    assert batch(folder, *PEOPLE, code="c0de") == set(PEOPLE)
    (folder / "restore.json").touch()
    assert batch(folder, *PEOPLE, code="c0de") == set(PEOPLE)


def test_one_persons_mistake_does_not_stop_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        batch(folder, "00099", *PEOPLE)
    assert caught.value.code == 2
    assert "1 of 4 failed: 00099: " in capsys.readouterr().err
    assert all((folder / f"{identity}.parquet").is_file() for identity in PEOPLE)
    assert not (folder / "batch-00000.tsv").exists()


@pytest.fixture
def fit_folder(folder: Path) -> Path:
    """The same with what a fit needs."""
    settings = Config(fit=FitConfig(num_steps=4, batch_size=2, num_evaluations=1))
    (folder / "fit.json").write_text(stage_json(settings, "fit"))
    save_model(folder / "model.safetensors", make_network())
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    return folder


def fit_words(folder: Path, identity: str, name: str) -> list[str]:
    """Return the words of the command for one person or several."""
    return [
        "fit",
        *("--config", str(folder / "fit.json")),
        *("--model", str(folder / "model.safetensors")),
        *("--shards", str(folder / "test.parquet")),
        *("--identity", identity),
        *("--embedding", str(folder / f"{name}.safetensors")),
        *("--stats", str(folder / f"{name}.jsonl")),
    ]


def fit_two_at_once(folder: Path, *people: str) -> None:
    main(
        [
            "batch",
            *("--identities", *people),
            *("--code", "c0de"),
            *("--makes", str(folder / "{identity}.safetensors"), str(folder / "{identity}.jsonl")),
            *("--list", str(folder / "batch-00000.tsv")),
            *("--at-once", "2"),
            "--",
            *fit_words(folder, "{identity}", "{identity}"),
        ]
    )


def test_people_together_are_those_alone(fit_folder: Path) -> None:
    """Of three people the first two are a group."""
    fit_two_at_once(fit_folder, *PEOPLE)
    for identity in PEOPLE:
        main(fit_words(fit_folder, identity, "alone"))
        alone = load_embedding(fit_folder / "alone.safetensors").z_id
        found = load_embedding(fit_folder / f"{identity}.safetensors").z_id
        torch.testing.assert_close(found, alone, rtol=0, atol=1e-5)
        assert len((fit_folder / f"{identity}.jsonl").read_text().splitlines()) == 5


def test_who_is_missing_is_made_again_with_the_same_company(fit_folder: Path) -> None:
    fit_two_at_once(fit_folder, *PEOPLE)
    files = [fit_folder / f"{identity}.safetensors" for identity in PEOPLE]
    before = [file.read_bytes() for file in files]
    times = [file.stat().st_mtime_ns for file in files]
    files[1].unlink()
    fit_two_at_once(fit_folder, *PEOPLE)
    assert [file.read_bytes() for file in files] == before
    written = [file.stat().st_mtime_ns != old for file, old in zip(files, times, strict=True)]
    assert written == [True, True, False]


def test_one_persons_mistake_does_not_stop_the_company(
    fit_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        fit_two_at_once(fit_folder, "00099", *PEOPLE)
    assert caught.value.code == 2
    assert "1 of 4 failed: 00099: " in capsys.readouterr().err
    assert all((fit_folder / f"{identity}.safetensors").is_file() for identity in PEOPLE)
