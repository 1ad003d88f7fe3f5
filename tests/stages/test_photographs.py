"""`idfsr fit` and `idfsr restore`: photographs of one's own."""

import os
from pathlib import Path

import pytest

from idfsr.io.provenance import module_closure
from idfsr.main import main
from idfsr.photographs.networks import CONFIG
from idfsr.run.config import load_config


def test_two_photographs_of_one_name_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["restore", "a.jpg", "b/a.png", "--embedding", "b", "--out", "c", "--scale", "8"])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "c/a.png: 2 photographs" in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_real_photographs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the embedded networks; a text file among the photographs to restore is named."""
    test_data = os.environ.get("IDFSR_TEST_DATA")
    if test_data is None:
        pytest.skip("IDFSR_TEST_DATA is not set: no real photographs")
    people = Path(test_data) / "real-faces"
    person, out = tmp_path / "person.safetensors", tmp_path / "out"
    main(["fit", "--identity-dir", str(people / "00003"), "--out", str(person)])
    assert "00003, 2 photographs" in capsys.readouterr().out
    note = tmp_path / "note.jpg"
    note.write_text("no photograph")
    image = people / "00003" / "0.jpg"
    with pytest.raises(SystemExit):
        main(
            ["restore", "--embedding", str(person), "--scale", "8", str(image), str(note),
             "--out", str(out)]
        )  # fmt: skip
    shown = capsys.readouterr()
    assert "1 of 1 faces restored" in shown.out
    assert "note.jpg: not an image" in shown.err
    assert [path.name for path in out.iterdir()] == ["0.png"]


def test_settings_are_of_whole_photographs() -> None:
    config = load_config(CONFIG)
    assert config.dataset.kind == "folder"
    assert Path(config.weights.idfsr).is_file()


def test_workflow_does_not_depend_on_code_for_photographs() -> None:
    for command in ("fit_people", "restore_people"):
        closure = module_closure(f"idfsr.stages.{command}")
        assert not any(name.startswith("idfsr.photographs") for name in closure)
