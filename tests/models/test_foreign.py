"""Files of other projects: what is not tensors is refused in one line, and nothing of it runs."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.models.foreign import Stub, read_torch_file, read_torch_tensors

WANTED = "weights of a toy"


class Payload:
    """Makes a folder when it is unpickled freely."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("zipped", [True, False])
def test_payload_is_named_and_not_run(tmp_path: Path, *, zipped: bool) -> None:
    path, folder = tmp_path / "net.pth", tmp_path / "made"
    torch.save({"a": Payload(folder)}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(IdfsrError, match=r"net\.pth: refers to \w+\.mkdir, of which nothing was"):
        read_torch_file(path, WANTED)
    assert not folder.exists()


def test_plain_pickle_is_refused(tmp_path: Path) -> None:
    path, folder = tmp_path / "net.pkl", tmp_path / "made"
    path.write_bytes(pickle.dumps(Payload(folder), protocol=2))
    with pytest.raises(IdfsrError, match=r"net\.pkl: .*; wanted weights of a toy"):
        read_torch_file(path, WANTED)
    assert not folder.exists()


def test_broken_files_are_one_line(tmp_path: Path) -> None:
    whole = tmp_path / "whole.pth"
    torch.save({"a": torch.zeros(1000)}, whole)
    contents = {
        "half.pth": whole.read_bytes()[: whole.stat().st_size // 2],
        "page.pth": b"<html>quota exceeded</html>",
        "empty.pth": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(IdfsrError) as caught:
            read_torch_file(tmp_path / name, WANTED)
        text = f"{tmp_path / name}: cut short, or not a file of PyTorch; wanted weights of a toy"
        assert str(caught.value) == text
    with pytest.raises(IdfsrError, match=r"none\.pth: no such file, wanted weights of a toy"):
        read_torch_file(tmp_path / "none.pth", WANTED)


def test_class_with_a_stub_is_not_the_class(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save({"kind": Payload, "a": torch.ones(2)}, path)
    name = f"{Payload.__module__}.Payload"
    with pytest.raises(IdfsrError, match=f"refers to {name}"):
        read_torch_file(path, WANTED)
    assert read_torch_file(path, WANTED, [name])["kind"] is Stub


def test_tensors_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save({"a": torch.ones(2)}, path)
    assert read_torch_tensors(path, WANTED)["a"].tolist() == [1, 1]
    torch.save([torch.ones(2)], path)
    with pytest.raises(IdfsrError, match="found list, wanted weights of a toy, a dictionary"):
        read_torch_tensors(path, WANTED)
