from pathlib import Path

import pytest

from idfsr.io.finished import FINISHED_NAME, note_finished, outputs_in_place, remove_finished


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "pretrain" / "state"
    folder.mkdir(parents=True)
    (tmp_path / "model").write_text("weights")
    (folder / "state.pt").write_text("state")
    note_finished(folder, [tmp_path / "model"])
    return folder


def test_a_state_goes_once_the_outputs_are_in_place(state_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "model").write_text("other weights")
    remove_finished(tmp_path)
    assert state_dir.is_dir()
    (tmp_path / "model").write_text("weights")
    assert outputs_in_place(state_dir)
    remove_finished(tmp_path)
    assert not state_dir.exists()


@pytest.mark.parametrize("byte", [0, 3, -60, -4])
def test_a_state_stays_where_its_list_is_damaged(
    state_dir: Path, byte: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = bytearray((state_dir / FINISHED_NAME).read_bytes())
    data[byte] ^= 0x80 if byte == 3 else 1
    (state_dir / FINISHED_NAME).write_bytes(data)
    remove_finished(tmp_path)
    assert (state_dir / "state.pt").is_file()
    assert f"{state_dir / FINISHED_NAME}: " in caplog.text
