"""Pairs of images out of any two folders, paired by their names."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, UInt8

from idfsr.constants import ARCFACE_LANDMARKS_112
from idfsr.dataset.listing import EXTENSIONS, PHOTOGRAPH, kind_of
from idfsr.errors import IdfsrError
from idfsr.faces.detector import FaceDetector
from idfsr.io.images import read_image
from idfsr.metrics.engine.metric import Pairs
from idfsr.metrics.engine.pairs import check_sizes, crop_pairs

logger = logging.getLogger(__name__)

_NUM_NAMED: Final = 3  # files named in an error


@dataclass(frozen=True)
class FilePair:
    """A restored image and its ground truth."""

    name: str
    """Path within either folder, without the extension, e.g. "00082/3"."""
    gt_path: Path
    sr_path: Path

    @property
    def identity(self) -> str:
        """Folder that the files are in; in a folder without folders each image is of its own."""
        folder, _, image = self.name.rpartition("/")
        return folder or image


def find_files(folder: Path) -> dict[str, Path]:
    """Return the image files below a folder by their names.

    Raises:
        IdfsrError: The folder is missing or has no image, or two files have one name.
    """
    if not folder.is_dir():
        message = f"{folder}: no such folder, wanted a folder of images"
        raise IdfsrError(message)
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in within.parts)
        if not hidden and kind_of(path) == PHOTOGRAPH:
            name = within.with_suffix("").as_posix()
            if name in files:
                message = f"{path}: {files[name].name} is there too, wanted one image of a name"
                raise IdfsrError(message)
            files[name] = path
    if not files:
        message = f"{folder}: found no image, wanted files {' '.join(EXTENSIONS)}"
        raise IdfsrError(message)
    return files


def pair_files(gt_dir: Path, sr_dir: Path) -> list[FilePair]:
    """Pair the files of two folders; those of one name belong together.

    Args:
        gt_dir: Ground truth.
        sr_dir: Restored images.

    Returns:
        The pairs, sorted by name.

    Raises:
        IdfsrError: See `find_files`; or a file has no partner.
    """
    gt, sr = find_files(gt_dir), find_files(sr_dir)
    for files, others, folder in ((gt, sr, sr_dir), (sr, gt, gt_dir)):
        alone = [str(path) for name, path in files.items() if name not in others]
        if alone:
            named = ", ".join(alone[:_NUM_NAMED])
            more = f" and {len(alone) - _NUM_NAMED} more" if len(alone) > _NUM_NAMED else ""
            message = f"{named}{more}: no image of that name in {folder}, wanted one for each"
            raise IdfsrError(message)
    return [FilePair(name, path, sr[name]) for name, path in gt.items()]


def is_grey(image: UInt8[np.ndarray, "H W 3"]) -> bool:
    """Return whether an image has no colour, as one of a greyscale file."""
    return bool((image == image[..., :1]).all())


def find_faces(
    images: Sequence[UInt8[np.ndarray, "_ _ 3"]], detector: FaceDetector, image_size: int
) -> tuple[list[Float[np.ndarray, "5 2"]], int]:
    """Return the landmarks of the largest face of each image.

    Where there is none, those of the likeliest place: a metric of faces then still has a value,
    and the images are counted.

    Args:
        images: RGB.
        detector: For photographs.
        image_size: See `Detector.detect`.

    Returns:
        Landmarks, and the number of images without a face.
    """
    found = detector.detect(list(images), image_size)
    without = [index for index, faces in enumerate(found) if not len(faces.scores)]
    if without:
        likeliest = detector.detect_single([images[index] for index in without], image_size)
        for index, faces in zip(without, likeliest, strict=True):
            found[index] = faces
    return [faces.landmarks[faces.largest()] for faces in found], len(without)


def read_batches(
    pairs: Sequence[FilePair], detector: FaceDetector | None, image_size: int, batch_size: int
) -> Iterator[Pairs]:
    """Decode, detect and crop pairs, a batch at a time; each file is decoded once.

    Args:
        pairs: From `pair_files`.
        detector: Searches the ground truth; None where nobody looks at faces, whose crops are then
            cut out anywhere.
        image_size: See `Detector.detect`.
        batch_size: Images of a batch; the last may have fewer.

    Raises:
        IdfsrError: A file cannot be read, or is not of the size of the others.
    """
    size: tuple[int, ...] | None = None
    num_without = num_grey = 0
    for start in range(0, len(pairs), batch_size):
        batch = pairs[start : start + batch_size]
        gt_images = [read_image(pair.gt_path) for pair in batch]
        sr_images = [read_image(pair.sr_path) for pair in batch]
        num_grey += sum(is_grey(image) for image in (*gt_images, *sr_images))
        size = size or gt_images[0].shape
        check_sizes([pair.name for pair in batch], gt_images, sr_images, size)
        landmarks = [np.array(ARCFACE_LANDMARKS_112, np.float32)] * len(batch)
        if detector is not None:
            landmarks, without = find_faces(gt_images, detector, image_size)
            num_without += without
        yield crop_pairs(gt_images, sr_images, landmarks)
    if num_grey:
        logger.warning("%d images are grey: taken as RGB of three equal channels", num_grey)
    if num_without:
        logger.warning(
            "no face found in %d of %d ground truths: their crops are of the likeliest place",
            num_without,
            len(pairs),
        )
