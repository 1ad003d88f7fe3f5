"""Published files, from the servers on which their authors put them."""

import shutil
import zipfile
from pathlib import Path
from typing import Final

import gdown
import requests
from tqdm import tqdm

from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.weights_list import TORCHVISION, PublishedFile, difference_of

TIMEOUT: Final = (10, 60)
"""Seconds to wait for a connection, and for each part of the answer."""
CHUNK_BYTES: Final = 1 << 20


def _fetch(address: str, path: Path) -> None:
    """Write what an address answers with, behind a progress bar.

    Raises:
        IdfsrError: It answers with an error.
        requests.RequestException: It does not answer, or the answer breaks off.
    """
    name = address.rpartition("/")[2]
    headers = {"Accept-Encoding": "identity"}  # the file's own bytes and their number
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if not response.ok:
            found = f"{response.status_code} {response.reason}"
            message = f"{address}: found {found}, wanted {name}"
            raise IdfsrError(message)
        length = response.headers.get("Content-Length")
        with (
            path.open("wb") as file,
            tqdm(
                desc=name,
                total=int(length) if length else None,
                unit="B",
                unit_scale=True,
                disable=None,  # where nobody looks
            ) as bar,
        ):
            for chunk in response.iter_content(CHUNK_BYTES):
                file.write(chunk)
                bar.update(len(chunk))


def _fetch_from_drive(address: str, path: Path, name: str) -> None:
    """Get a file of Google Drive, whose pages ask before they give large ones.

    Args:
        address: Of the file, or of a folder with it.
        path: To write.
        name: Of the file in the folder.

    Raises:
        IdfsrError: It is not there, or Drive does not give it.
    """
    try:
        if "/folders/" in address:
            entries = gdown.download_folder(address, skip_download=True, quiet=True) or []
            found = [
                entry.id
                for entry in entries
                if not isinstance(entry, str) and Path(entry.path).name == name
            ]
            if not found:
                message = f"{address}: found no {name} there, wanted one"
                raise IdfsrError(message)
            gdown.download(id=found[0], output=str(path))
        else:
            gdown.download(address, str(path))
    except gdown.exceptions.DownloadError as error:
        message = f"{address}: {' '.join(str(error).split())}, wanted {name}"
        raise IdfsrError(message) from None


def _take_out(archive: Path, member: str, path: Path) -> None:
    """Copy one file out of a zip archive.

    Raises:
        IdfsrError: It is no such archive, or has no such file.
    """
    try:
        with (
            zipfile.ZipFile(archive) as opened,
            opened.open(member) as source,
            path.open("wb") as target,
        ):
            shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, KeyError) as error:
        message = f"{archive.name}: {error}, wanted a zip archive with {member}"
        raise IdfsrError(message) from None


def _fetch_from_torchvision(name: str, path: Path) -> None:
    """Get weights from where torchvision has them, by the name that `get_weight` takes.

    Raises:
        IdfsrError: It has no such weights, or the server does not give them.
        requests.RequestException: There is no answer.
    """
    from torchvision.models import get_weight  # noqa: PLC0415 - heavy, and for one file only

    try:
        address = get_weight(name).url
    except (KeyError, ValueError):
        message = f"{TORCHVISION}{name}: no such weights, wanted a name that torchvision has"
        raise IdfsrError(message) from None
    _fetch(address, path)


def _get(file: PublishedFile, path: Path) -> None:
    if file.address.startswith(TORCHVISION):
        _fetch_from_torchvision(file.address.removeprefix(TORCHVISION), path)
    elif "://drive.google.com/" in file.address:
        _fetch_from_drive(file.address, path, file.path.name)
    elif file.member:
        archive = path.with_suffix(".zip")
        try:
            _fetch(file.address, archive)
            _take_out(archive, file.member, path)
        finally:
            archive.unlink(missing_ok=True)
    else:
        _fetch(file.address, path)


def download(file: PublishedFile, folder: Path) -> None:
    """Download a file; at its path lies the whole of what was published, or what lay there before.

    Args:
        file: With an address.
        folder: Of the published files.

    Raises:
        IdfsrError: The server does not give it, or gives something else.
    """
    try:
        with atomic_path(folder / file.path) as temporary:
            _get(file, temporary)
            difference = difference_of(file, temporary)
            if difference:
                message = f"{file.address}: {difference}"
                raise IdfsrError(message)
    except requests.RequestException as error:
        found = f"no answer or not all of it ({type(error).__name__})"
        message = f"{file.address}: found {found}, wanted {file.path.name}"
        raise IdfsrError(message) from None
