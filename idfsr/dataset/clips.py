"""Clips of people, of which some frames are taken, as of CelebV-Text.

Nobody has said who is in a clip: the person is taken to be that of the video that it was cut from.
A clip of CelebV-Text is called `<id of the video>_<number>.mp4`, and the id has eleven characters.
"""

import logging
import re
from collections import Counter
from pathlib import Path
from typing import Final

from idfsr.config.dataset import DatasetConfig
from idfsr.dataset.listing import readable_name
from idfsr.errors import IdfsrError

logger = logging.getLogger(__name__)

EXTENSIONS: Final = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
PREFIX: Final = "yt_"
"""Of a person's name: an id may begin with a hyphen, as no name may."""

_OF_A_VIDEO: Final = re.compile(r"([\w-]{11})_\d+(_\d+)?")


def identity_of(path: Path) -> str:
    """Return the source of a clip: the id of the video, or the clip's own name if it has none."""
    found = _OF_A_VIDEO.fullmatch(path.stem)
    return PREFIX + found[1] if found else path.stem


def find_clips(root: Path) -> list[Path]:
    """Return the clips anywhere below a folder, sorted; count what else is there in the log.

    Raises:
        IdfsrError: There is no such folder or no clip in it.
    """
    if not root.is_dir():
        message = f"{root}: no such folder, wanted one with clips {' '.join(EXTENSIONS)}"
        raise IdfsrError(message)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    found = []
    others: Counter[str] = Counter()
    for file in files:
        ending = file.suffix.lower()
        if ending in EXTENSIONS and not file.name.startswith("."):
            found.append(file)
        else:
            others["hidden" if file.name.startswith(".") else ending or "no extension"] += 1
    if not found:
        message = f"{root}: found {len(files)} files but no clip, wanted {' '.join(EXTENSIONS)}"
        raise IdfsrError(message)
    for kind, count in sorted(others.items()):
        logger.info("not clips by their name, %s: %d", kind, count)
    return found


def source_files(dataset: DatasetConfig) -> dict[str, Path]:
    """Return the clips by person and path below the root."""
    root = Path(dataset.root)
    return {f"{identity_of(path)}/{readable_name(path, root)}": path for path in find_clips(root)}


def count_images(dataset: DatasetConfig) -> tuple[int, int]:
    """Return the number of people and of frames."""
    found = find_clips(Path(dataset.root))
    return len({identity_of(path) for path in found}), len(found) * dataset.frames_per_clip
