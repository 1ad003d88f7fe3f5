"""Weight files that others published: where each lies, where it comes from, what it is for.

They keep their own licences and are never part of the package. The user puts them into one folder,
under the paths at which the libraries look, and `config/weights.yaml` lists them.
"""

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, TypeAdapter, ValidationError

from idfsr.config.types import section
from idfsr.errors import IdfsrError
from idfsr.io import places
from idfsr.io.digests import file_digest
from idfsr.io.places import locate
from idfsr.io.yaml_files import read_yaml

MANIFEST: Final = Path("config/weights.yaml")
TORCHVISION: Final = "torchvision:"
"""Before a name of weights, in place of an address that torchvision knows."""
_ONNX_MAGIC: Final = b"\x08"
"""The first field of a model, `ir_version`."""
_ZIP_MAGIC: Final = b"PK\x03\x04"
_PICKLE_MAGIC: Final = b"\x80"
"""Of PyTorch before 1.6."""

Use = Literal["metrics", "idfsr", "baselines"]


def _below(path: Path) -> Path:
    if path.is_absolute() or ".." in path.parts:
        message = f"wanted a path below the folder, found {path}"
        raise ValueError(message)
    return path


@section
class PublishedFile:
    """An entry of the list."""

    use: Use
    """Part of the work that wants it."""
    needed_by: tuple[str, ...]
    """Columns of the tables that cannot be filled, methods that cannot run, or settings that
    cannot be used, without it."""
    path: Annotated[Path, AfterValidator(_below)]
    """Below the folder."""
    source: str
    """The file's address, or what to ask for."""
    member: str = ""
    """Where the address is that of a zip archive: the name of the file in it."""
    licence: str
    size: int | None = None
    """In bytes, where it is known."""
    sha256: str = ""
    """Of the file's bytes, or its first digits, as far as they were published."""
    network: str = ""
    """What it is called where others take it for a condition, a loss or a judge."""
    trained_on: tuple[str, ...] = ()
    """Data sets that it has seen, which a fair comparison has to know."""
    trained_against: tuple[str, ...] = ()
    """Networks that were a loss of its training, by `network`."""

    @property
    def address(self) -> str:
        """The source where the file itself, or an archive or folder with it, is there; or ""."""
        if self.source.startswith(TORCHVISION):
            return self.source
        scheme, _, rest = self.source.partition("://")
        if scheme not in ("http", "https") or " " in rest:
            return ""
        on_drive = rest.startswith("drive.google.com/")
        named = self.member or rest.rpartition("/")[2] == self.path.name
        return self.source if on_drive or named else ""


def read_manifest(path: Path = MANIFEST) -> dict[str, PublishedFile]:
    """Return the list of files by name.

    Raises:
        IdfsrError: The file is missing or is not such a list.
    """
    values = read_yaml(locate(path), "the list of published weights")
    try:
        return TypeAdapter(dict[str, PublishedFile]).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        message = f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise IdfsrError(message) from None


def weights_folder(manifest: Path = MANIFEST) -> Path:
    """Return the folder of the files: the user's, or for another list than ours where that is."""
    return places.weights_folder() if manifest == MANIFEST else locate(manifest).parent


def read_lists(manifests: Iterable[Path]) -> dict[Path, PublishedFile]:
    """Return the files of some lists: path to what was published."""
    return {
        weights_folder(manifest) / file.path: file
        for manifest in manifests
        for file in read_manifest(manifest).values()
    }


def find_weights(folder: Path, name: str, network: str) -> Path:
    """Return the path of a published file.

    Args:
        folder: Of the files.
        name: Path below it.
        network: Whose weights they are, for the error.

    Raises:
        IdfsrError: The file is not there.
    """
    path = folder / name
    if not path.is_file():
        message = f"{path}: no such file, wanted the weights of {network}"
        raise IdfsrError(message)
    return path


def content_problem(path: Path) -> str:
    """Say what a file is that cannot be weights, whoever published them; "" if it may be.

    Only its ends are read. A server that refuses a download often answers with a page, and a clone
    without Git LFS has a pointer in place of each file.
    """
    with path.open("rb") as opened:
        head = opened.read(512)
    text = head.lstrip().lower()
    if not head:
        return "an empty file"
    if text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return "a web page"
    if text.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS: run `git lfs pull` where it comes from"
    if path.suffix == ".onnx":
        is_known, wanted = head.startswith(_ONNX_MAGIC), "ONNX"
    elif path.suffix == ".safetensors":
        end = 8 + int.from_bytes(head[:8], "little")
        is_known, wanted = head[8:9] == b"{" and end <= path.stat().st_size, "safetensors"
    elif head.startswith(_ZIP_MAGIC):
        is_known, wanted = zipfile.is_zipfile(path), "a whole archive"
    else:
        is_known, wanted = head.startswith(_PICKLE_MAGIC), "a file of PyTorch"
    return "" if is_known else f"not {wanted}"


def difference_of(
    file: PublishedFile, path: Path, digest_of: Callable[[Path], str] = file_digest
) -> str:
    """Say in what a file differs from what was published; "" if in nothing that is known.

    The whole file is read where its digest is known; otherwise its content must look like weights.

    Args:
        file: As it was published.
        path: Of the file that is there.
        digest_of: Reads it, or remembers what it read.
    """
    size, kind = path.stat().st_size, content_problem(path)
    besides = f" ({kind})" if kind else ""
    if file.size is not None and size != file.size:
        return f"found {size:,} bytes, wanted {file.size:,}{besides}"
    if file.sha256:
        digest = digest_of(path)
        if not digest.startswith(file.sha256):
            return f"found sha256 {digest[:16]}..., wanted {file.sha256[:16]}{besides}"
        return ""
    return f"found {kind}, wanted weights" if kind else ""


def problem_of(file: PublishedFile, folder: Path) -> str:
    """Say what is wrong with a file of the list in one line; "" if nothing is."""
    path = folder / file.path
    if not path.is_file():
        return f"{path}: no such file, wanted from {file.source}"
    difference = difference_of(file, path)
    return f"{path}: {difference}, from {file.source}" if difference else ""


def missing_files(names: Iterable[str], folder: Path, manifest: Path = MANIFEST) -> dict[str, str]:
    """Return the metrics or methods whose weights are not in the folder, and the first that lacks.

    Files are looked for, not read: see `problem_of` for that.

    Args:
        names: Metrics or methods that are wanted.
        folder: Of the files.
        manifest: The list.
    """
    files = read_manifest(manifest).values()
    missing: dict[str, str] = {}
    for name in names:
        lacking = [
            file for file in files if name in file.needed_by and not (folder / file.path).is_file()
        ]
        if lacking:
            missing[name] = f"{folder / lacking[0].path}, from {lacking[0].source}"
    return missing


def weight_paths(
    method: str, names: Iterable[str], folder: Path, manifest: Path = MANIFEST
) -> dict[str, Path]:
    """Return the files of a method by their names in the list, all of which are there.

    Args:
        method: For the error.
        names: Of the entries.
        folder: Of the files.
        manifest: The list.

    Raises:
        IdfsrError: The list has no such entry, or a file is missing.
    """
    paths = {}
    for name in names:
        files = read_manifest(manifest)
        if name not in files:
            message = f"{manifest}: found no entry {name}, wanted one for {method}"
            raise IdfsrError(message)
        if lack := _lack(method, files[name], folder):
            raise IdfsrError(lack)
        paths[name] = folder / files[name].path
    return paths


def lacking_files(names: Iterable[str], folder: Path, manifest: Path = MANIFEST) -> list[str]:
    """Return a line for each file that methods or metrics want and that is not in the folder."""
    wanted = list(names)
    lacks = []
    for file in read_manifest(manifest).values():
        users = [name for name in wanted if name in file.needed_by]
        if users and (lack := _lack(", ".join(users), file, folder)):
            lacks.append(lack)
    return list(dict.fromkeys(lacks))


def _lack(users: str, file: PublishedFile, folder: Path) -> str:
    path = folder / file.path
    return "" if path.is_file() else f"{path}: no such file, wanted for {users}, from {file.source}"
