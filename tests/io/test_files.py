from pathlib import Path

import pytest

from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path


def test_writes_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    with atomic_path(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".csv"
        temporary.write_text("x")
        assert not path.exists()
    assert path.read_text() == "x"
    assert list(path.parent.iterdir()) == [path]


def test_failure_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("")
    with atomic_path(tmp_path / "secret") as temporary:
        temporary.touch(mode=0o600)
    assert (tmp_path / "secret").stat().st_mode == other.stat().st_mode


def test_refuses_a_folder(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="found a folder"), atomic_path(tmp_path):
        pass


def test_refuses_a_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IdfsrError, match="cannot be made"), atomic_path(tmp_path / "file" / "x"):
        pass
