import os
import subprocess
import sys
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


def test_refuses_devices_and_pipes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/null"), tmp_path / "pipe"):
        with pytest.raises(IdfsrError, match="found a device or a pipe"), atomic_path(path):
            pass
    assert Path("/dev/null").is_char_device()


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "file").write_text("old")
    (tmp_path / "link").symlink_to("far/file")
    with atomic_path(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "file").read_text() == "new"
    assert len(list((tmp_path / "far").iterdir())) == 1


WRITERS = {
    "text": "from idfsr.io.texts import write_text; write_text(path, 'x' * 200_000)",
    "parquet": "import numpy as np, pandas as pd; from idfsr.io.tables import write_table; "
    "write_table(pd.DataFrame({'a': np.random.default_rng(0).random(90_000)}), path)",
    "safetensors": "import torch; from idfsr.models.weights import save_tensors\n"
    "from idfsr.io.files import atomic_path\n"
    "with atomic_path(path) as temporary:"
    " save_tensors(temporary, {'a': torch.zeros(90_000)}, {'b': 'c'})",
    "torch": "import torch; from idfsr.io.files import atomic_path\n"
    "with atomic_path(path) as temporary: torch.save({'a': torch.zeros(90_000)}, temporary)",
    "bytes": "from idfsr.io.files import atomic_path\n"
    "with atomic_path(path) as temporary: temporary.write_bytes(bytes(200_000))",
}


@pytest.mark.parametrize("writer", WRITERS)
def test_no_room_is_one_line_and_leaves_the_old_file(tmp_path: Path, writer: str) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    # a file that may not grow is to a writer as a disk that is full
    code = (
        "import resource, sys, pathlib; from idfsr.errors import describe_failure\n"
        f"path = pathlib.Path({str(path)!r})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "def run():\n    exec(" + repr(WRITERS[writer]) + ", {'path': path})\n"
        "try: run()\nexcept Exception as error: print(describe_failure(error))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{path}: ")
    assert line.endswith(": make room there")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_refuses_a_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IdfsrError, match="cannot be made"), atomic_path(tmp_path / "file" / "x"):
        pass
