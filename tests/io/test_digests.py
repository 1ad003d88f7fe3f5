import hashlib
from pathlib import Path

from idfsr.io.digests import file_digest


def test_file_digest_is_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert file_digest(path) == hashlib.sha256(b"abc").hexdigest()
