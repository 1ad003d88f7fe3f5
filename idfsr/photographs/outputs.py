"""The files that `idfsr fit` and `idfsr restore` read and write, checked before the work."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

from idfsr.dataset.listing import find_images
from idfsr.errors import IdfsrError


def check_writable(path: Path) -> None:
    """Check that a file can be made, with the folders above it.

    Raises:
        IdfsrError: There is a folder in its place, or no permission.
    """
    if path.is_dir():
        message = f"{path}: found a folder, wanted the name of a file to write"
        raise IdfsrError(message)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        message = f"{folder}: found a file, wanted a folder to write {path.name} to"
        raise IdfsrError(message)
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = (error.strerror or "cannot be written to").lower()
        message = f"{folder}: {reason}, wanted a folder to write {path.name} to"
        raise IdfsrError(message) from None


def list_photographs(inputs: Sequence[Path]) -> list[Path]:
    """Return the photographs that are named, and those in the folders that are named.

    Raises:
        IdfsrError: A folder cannot be listed, or there is no photograph at all.
    """
    paths: list[Path] = []
    for path in inputs:
        paths += find_images([path]) if path.is_dir() else [path]
    if not paths:
        message = f"{inputs[0]}: found no photograph, wanted files or folders of them"
        raise IdfsrError(message)
    return paths


def plan_outputs(paths: Sequence[Path], out: Path) -> dict[Path, Path]:
    """Return the file to write for each photograph: its name with .png, in a folder.

    Photographs that differ in the ending alone keep it: `a.jpg.png` beside `a.heic.png`.

    Raises:
        IdfsrError: Two photographs have one name, or a file to write is one to read.
    """
    unique = list({path.resolve(): path for path in paths}.values())
    stems = Counter(path.stem for path in unique)
    targets: dict[Path, Path] = {}
    inputs = {path.resolve() for path in unique}
    for path in unique:
        name = path.stem if stems[path.stem] == 1 else path.name
        target = out / f"{name}.png"
        if target in targets.values():
            message = f"{target}: several photographs have that name, wanted one; rename them"
            raise IdfsrError(message)
        if target.resolve() in inputs:
            message = f"{target}: is a photograph to read, wanted another folder for --out"
            raise IdfsrError(message)
        targets[path] = target
    return targets
