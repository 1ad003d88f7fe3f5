"""A folder of restored images of one method: x<scale factor>/<person>/<image>.png.

As in an export (`idfsr.io.export`), and as a run takes images that were restored elsewhere.
"""

import hashlib
from pathlib import Path

from idfsr.io.digests import file_digest


def restored_name(scale_factor: int, identity: str, image: str) -> str:
    """Return the name of a restored image below the folder of its method."""
    return f"x{scale_factor}/{identity}/{image}.png"


def restored_files(folder: Path, scale_factor: int) -> list[Path]:
    """Return the restored images of one scale below the folder of a method, sorted."""
    return sorted((folder / f"x{scale_factor}").glob("*/**/*.png"))


def digest_images(folder: Path, scale_factor: int) -> str:
    """Return one digest of all restored images of a scale and of their names."""
    digest = hashlib.sha256()
    for path in restored_files(folder, scale_factor):
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\t{file_digest(path)}\n".encode())
    return digest.hexdigest()
