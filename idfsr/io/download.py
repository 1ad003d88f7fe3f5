"""Published files, from the servers on which their authors put them."""

from pathlib import Path
from typing import Final

import requests
from tqdm import tqdm

from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.weights_list import PublishedFile, difference_of

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
            _fetch(file.address, temporary)
            difference = difference_of(file, temporary)
            if difference:
                message = f"{file.address}: {difference}"
                raise IdfsrError(message)
    except requests.RequestException as error:
        found = f"no answer or not all of it ({type(error).__name__})"
        message = f"{file.address}: found {found}, wanted {file.path.name}"
        raise IdfsrError(message) from None
