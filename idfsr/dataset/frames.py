"""Frames of clips, by the decoder that comes with OpenCV."""

from collections.abc import Iterator
from pathlib import Path

import cv2

from idfsr.config.dataset import DatasetConfig
from idfsr.dataset.clips import find_clips, identity_of
from idfsr.dataset.items import Item
from idfsr.dataset.listing import readable_name
from idfsr.io.images import encode_png


def choose_frames(num_frames: int, num_wanted: int) -> list[int]:
    """Choose frames at equal distances, the first and the last half a distance from the ends.

    Args:
        num_frames: Of the clip.
        num_wanted: All of a clip that has no more.
    """
    return sorted({int((n + 0.5) * num_frames / num_wanted) for n in range(num_wanted)})


def _read_frames(path: Path, num_wanted: int, max_pixels: int) -> Iterator[tuple[str, bytes | str]]:
    """Yield a name and a PNG file for each frame that is wanted, or "" and why there is none."""
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        width = int(video.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
        num_frames = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        if not video.isOpened() or num_frames < 1:
            yield "", "clip: cannot be decoded" if path.stat().st_size else "clip: empty file"
            return
        if width * height > max_pixels:
            yield "", f"too large: {width}x{height} pixels, more than {max_pixels:,}"
            return
        position = 0
        for wanted in choose_frames(num_frames, num_wanted):
            while position <= wanted and video.grab():
                position += 1
            found, frame = video.retrieve() if position > wanted else (False, None)
            if found and frame is not None:
                yield f"{wanted:06d}", encode_png(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
            else:
                yield f"{wanted:06d}", f"clip: cut after {position} of {num_frames} frames"
    finally:
        video.release()


def _read_clip(path: Path, dataset: DatasetConfig, max_pixels: int) -> Iterator[Item]:
    identity, source = identity_of(path), readable_name(path, Path(dataset.root))
    try:
        for frame, found in _read_frames(path, dataset.frames_per_clip, max_pixels):
            name = f"{path.stem}-{frame}" if frame else path.stem
            if isinstance(found, bytes):
                yield Item(identity, f"{name}.png", source, found)
            else:
                yield Item(identity, name, source, None, found)
    except (cv2.error, OSError) as error:
        reason = " ".join(str(error).split()).lower()
        yield Item(identity, path.stem, source, None, f"clip: {reason}")


def read_parts(dataset: DatasetConfig, max_pixels: int) -> list[Iterator[Item]]:
    """Return the frames of each clip; the clips can be read at the same time.

    Args:
        dataset: Its root is a folder of clips.
        max_pixels: Clips with larger frames are left out.

    Raises:
        IdfsrError: There is no such folder or no clip in it.
    """
    root = Path(dataset.root)
    parts: list[Iterator[Item]] = []
    first: dict[str, str] = {}
    for path in find_clips(root):
        source = readable_name(path, root)
        taken = first.setdefault(path.stem, source)
        if taken == source:
            parts.append(_read_clip(path, dataset, max_pixels))
        else:
            problem = f"same name: {taken} is there too"
            name = source.replace("/", "_")
            parts.append(iter([Item(identity_of(path), name, source, None, problem)]))
    return parts
