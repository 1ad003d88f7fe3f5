from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file

from idfsr.errors import DamagedFileError
from idfsr.io.digests import file_digest
from idfsr.io.seals import (
    SHIPPED,
    append_digest,
    check_appended,
    check_parquet,
    check_weights,
    shipped_digests,
)
from idfsr.io.tables import read_table, write_table
from idfsr.models.weights import model_digest, read_metadata, read_tensors, save_tensors

FRAME = pd.DataFrame({"identity": ["a", "b"], "box": [[1.5, 2.0], None], "score": [0.25, None]})
TENSORS = {"weight": torch.arange(3.0), "bias": torch.zeros(2, 2)}


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def test_a_bit_of_every_byte_of_a_table_counts(tmp_path: Path) -> None:
    """Those of page headers and of the footer too, which the checksums of Parquet leave out."""
    write_table(FRAME, tmp_path / "whole.parquet")
    data = (tmp_path / "whole.parquet").read_bytes()
    for byte in range(len(data)):
        path = tmp_path / f"{byte}.parquet"
        path.write_bytes(data)
        flip(path, 8 * byte + byte % 8)
        with pytest.raises(DamagedFileError, match=rf"^{path}: "):
            check_parquet(path)
        path.unlink()


def test_other_software_reads_a_sealed_table(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_table(FRAME, path, metadata={"kind": "toy"})
    pd.testing.assert_frame_equal(pd.read_parquet(path), read_table(path))
    metadata = pq.read_metadata(path).metadata
    assert metadata[b"kind"] == b"toy"
    assert metadata[b"sha256"].decode() == check_parquet(path)


def test_table_of_other_software_is_refused(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(DamagedFileError, match="found no sha256 recorded in it, wanted what idfsr"):
        read_table(tmp_path / "x.parquet")


def test_a_file_is_checked_again_once_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_table(FRAME, path)
    read_table(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedFileError):
        read_table(path)


def test_digest_of_a_network_is_that_of_its_file_without_the_digest(tmp_path: Path) -> None:
    plain, sealed = tmp_path / "plain.safetensors", tmp_path / "sealed.safetensors"
    save_file(TENSORS, plain, metadata={"model": "{}"})
    save_tensors(sealed, TENSORS, {"model": "{}"})
    assert plain.read_bytes() != sealed.read_bytes()
    assert model_digest(sealed) == file_digest(plain)[:16]
    assert load_file(sealed).keys() == read_tensors(sealed).keys() == TENSORS.keys()
    assert read_metadata(sealed) == {"model": "{}"}
    assert [path.name for path in sorted(tmp_path.iterdir())] == [plain.name, sealed.name]
    with pytest.raises(DamagedFileError, match="found no sha256 recorded in it"):
        model_digest(plain)


def test_weights_of_other_software_are_taken(tmp_path: Path) -> None:
    for number, metadata in enumerate((None, {"format": "pt"})):
        path = tmp_path / f"{number}.safetensors"
        save_file(TENSORS, path, metadata=metadata)
        assert check_weights(path) == file_digest(path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\xff" * 200, b"\x02" + 7 * b"\0" + b"[]"])
def test_other_content_is_no_weight_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"x\.safetensors: not a safetensors file"):
        read_tensors(path)


def test_a_bit_of_every_byte_of_weights_counts(tmp_path: Path) -> None:
    save_tensors(tmp_path / "whole", TENSORS, {})
    data = (tmp_path / "whole").read_bytes()
    for byte in range(len(data)):
        path = tmp_path / f"{byte}.safetensors"
        path.write_bytes(data)
        flip(path, 8 * byte + byte % 8)
        with pytest.raises(DamagedFileError, match=rf"^{path}: "):
            read_tensors(path)


def test_shipped_weights_are_what_they_were() -> None:
    files = sorted(SHIPPED.parent.rglob("*.safetensors"))
    assert len(files) == 12
    for path in files:
        check_weights(path)
    assert len(shipped_digests()) <= len(files)


def test_digest_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    torch.save({"a": torch.ones(2)}, path)
    append_digest(path)
    check_appended(path)
    assert torch.load(path, weights_only=True)["a"].tolist() == [1, 1]
    flip(path, 8 * 100)
    with pytest.raises(DamagedFileError, match=r"state\.pt: found bytes that do not give the sha"):
        check_appended(path)
