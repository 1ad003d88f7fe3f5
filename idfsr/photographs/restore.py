"""Photographs of a person in, restored photographs out: detect, choose, align, restore, add."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Num, UInt8
from PIL import Image

from idfsr.config.types import ScaleFactor
from idfsr.errors import IdfsrError
from idfsr.faces.align import BORDER_FFHQ, ffhq_matrix, warp_image
from idfsr.faces.prepare import Prepared, TargetRow, prepare_images
from idfsr.faces.targets import Face, Target
from idfsr.io.digests import file_digest
from idfsr.photographs.apply import apply_network
from idfsr.photographs.background import enlarge
from idfsr.photographs.blend import add_inside_mask, blur_to, correct, keep_tone
from idfsr.photographs.choose import Choice, Wishes, choose_faces
from idfsr.photographs.detail import TOLERANCE
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.originals import Original, open_original
from idfsr.photographs.person import Person
from idfsr.photographs.search import search_photograph

MAX_PIXELS = 100_000_000
"""Of a restored photograph."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Restored:
    """What became of a photograph."""

    original: Original
    image: Image.Image | None
    """Restored; None if no face was."""
    choices: list[Choice]
    """What was decided about each face."""
    enlarged: int
    """Factor by which the photograph was enlarged."""


def references_of(person: Person) -> list[Prepared]:
    """Return the person's photographs as references."""
    no_box, no_crop = np.zeros(4, np.float32), np.zeros((112, 112, 3), np.uint8)
    columns = (person.ref_images, person.ref_landmarks, person.ref_z_id)
    return [
        Prepared(
            row=TargetRow(person.name, str(index), "fit"),
            target=Target(image, points, no_box, no_crop),
            lr_image=image,
            lr_landmarks=points,
            lr_detected=True,
            z_id=z_id,
        )
        for index, (image, points, z_id) in enumerate(
            zip(*(column.numpy() for column in columns), strict=True)
        )
    ]


def restore_face(
    face: Face, name: str, person: Person, loaded: PhotographNetworks, scale_factor: ScaleFactor
) -> UInt8[np.ndarray, "S S 3"]:
    """Restore a face of a photograph, aligned, made small and made large again.

    Args:
        face: With the file of the photograph.
        name: By which the noise is seeded.
        person: Whose it is.
        loaded: See `load_photograph_networks`.
        scale_factor: How many times too small the face is taken to be.
    """
    row = TargetRow(person.name, name, "test")
    faces = {(row.identity, row.image): face}
    prepared = prepare_images([row], faces, loaded.networks, loaded.preparing, scale_factor)
    references = references_of(person)
    restored: UInt8[np.ndarray, "S S 3"] = apply_network(
        list(prepared), references, person.z_id, loaded, scale_factor
    )[0]
    return restored


def add_face(
    canvas: Num[np.ndarray, "height width channels"],
    enlarged: int,
    original: Original,
    restored: UInt8[np.ndarray, "S S 3"],
    face: Face,
    choice: Choice,
) -> None:
    """Add the detail of a restored face to an enlarged photograph, in place.

    A face that has more detail than the network was shown is replaced: its user insists.

    Args:
        canvas: The values of the enlarged photograph.
        enlarged: By which factor.
        original: The photograph.
        restored: The aligned face.
        face: Where it is in the photograph.
        choice: Of this face.
    """
    assert choice.scale_factor is not None
    size = len(restored)
    side = size // choice.scale_factor
    matrix = ffhq_matrix(face.landmarks, size)
    crop = warp_image(original.rgb, matrix, size, BORDER_FFHQ)
    replace = choice.side > TOLERANCE * side
    own = original.in_own_colours(crop)
    new = original.in_own_colours(correct(restored, crop, side))
    white = float(np.iinfo(canvas.dtype).max)
    layer = keep_tone(new - original.in_own_colours(blur_to(crop, side)), own, white)
    if replace:
        layer += original.in_own_colours(blur_to(crop, side))
    to_face = matrix / np.array([enlarged, enlarged, 1])
    add_inside_mask(canvas, layer, to_face, replace=replace)


def enlargement(choices: Sequence[Choice], faces: Sequence[Face], size: int) -> int:
    """Return the whole factor by which a photograph must grow to hold what the network gives.

    Args:
        choices: Of the faces that are restored.
        faces: Where they are.
        size: Of the network's images.
    """
    factors = [1]
    for choice, face in zip(choices, faces, strict=True):
        assert choice.scale_factor is not None
        wanted = math.sqrt(np.linalg.det(ffhq_matrix(face.landmarks, size)[:, :2]))
        factors.append(min(choice.scale_factor, math.ceil(wanted - 0.05)))
    return max(factors)


def enlarge_original(
    original: Original, factor: int, loaded: PhotographNetworks
) -> Num[np.ndarray, "height width channels"]:
    """Return the values of a photograph enlarged by a whole factor, of 1 as they are.

    Its colours are those of the network that enlarges, if there is one; an alpha channel, and all
    else, is enlarged by the bicubic filter.
    """
    values = original.enlarged(factor)
    if loaded.enlarger and factor > 1:
        device = next(loaded.model.parameters()).device
        large = enlarge(original.rgb, factor, loaded.enlarger, device)
        colours = np.rint(original.in_own_colours(large))
        values[..., : colours.shape[2]] = colours
    return values


def restore_photograph(
    path: Path, person: Person, loaded: PhotographNetworks, wishes: Wishes
) -> Restored:
    """Restore the person in a photograph; outside the face's mask no value of it changes.

    With a network that enlarges, the enlarged photograph is that network's.

    The photograph is enlarged by a whole factor, at most the scale factor, so that the restored
    face comes out at the size that the network gives; a photograph whose face is as large already
    keeps its size.

    Args:
        path: Of the photograph.
        person: The one to find and restore.
        loaded: See `load_photograph_networks`.
        wishes: Of the user.

    Raises:
        IdfsrError: The photograph cannot be read, shows no face, or would become too large.
    """
    original = open_original(path)
    found = search_photograph(original.rgb, loaded.detector)
    if not len(found.scores):
        message = f"{path}: found no face, wanted at least one"
        raise IdfsrError(message)
    if loaded.other:
        person = dataclasses.replace(person, trials=())  # those are of the fitted network
    choices = choose_faces(original.rgb, found, person, loaded, wishes)
    taken = [choice for choice in choices if choice.scale_factor is not None]
    if not taken:
        return Restored(original=original, image=None, choices=choices, enlarged=1)
    sha256 = file_digest(path)
    faces = [
        Face(path, sha256, found.boxes[choice.index], found.landmarks[choice.index])
        for choice in taken
    ]
    enlarged = enlargement(taken, faces, loaded.config.shards.image_size)
    height, width = (side * enlarged for side in original.rgb.shape[:2])
    if height * width > MAX_PIXELS:
        message = (
            f"{path}: would have {width} x {height} pixels, wanted at most {MAX_PIXELS:,} in all; "
            "cut out the part with the face"
        )
        raise IdfsrError(message)
    canvas = enlarge_original(original, enlarged, loaded)
    for choice, face in zip(taken, faces, strict=True):
        assert choice.scale_factor is not None
        name = f"{path.name}#{choice.index}"
        restored = restore_face(face, name, person, loaded, choice.scale_factor)
        add_face(canvas, enlarged, original, restored, face, choice)
    image = original.with_values(canvas)
    return Restored(original=original, image=image, choices=choices, enlarged=enlarged)
