"""Which faces of a photograph are restored, and why the others are left alone."""

import dataclasses

import numpy as np
from jaxtyping import Float, UInt8

from idfsr.config.types import ScaleFactor
from idfsr.faces.align import align_arcface
from idfsr.faces.detector import Detections
from idfsr.photographs.detail import TOLERANCE, choose_scale, measure_side
from idfsr.photographs.likeness import LIKENESS, arcface_side, compare_faces
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.person import Person


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the user asks for."""

    scale_factor: ScaleFactor | None = None
    """How many times too small the faces are taken to be; None measures it of each."""
    all_faces: bool = False
    """Restore every face as this person, whoever it is."""
    force: bool = False
    """Restore also faces with more detail than the network gives, or where it does not help."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """A face, and what is to be done with it."""

    index: int
    """Among the faces found."""
    height: float
    """Of its box, in pixels."""
    likeness: float
    """To the person: a cosine."""
    side: float
    """See `measure_side`."""
    scale_factor: ScaleFactor | None
    """None if it is left alone."""
    reason: str
    """Why it is left alone; else what is to be said against restoring it, or nothing."""

    def describe(self) -> str:
        """Return a line for people."""
        what = f"face of {self.height:.0f} px, likeness {self.likeness:.2f}"
        if self.scale_factor is None:
            return f"{what}: left alone: {self.reason}"
        return f"{what}: restored x{self.scale_factor}" + (self.reason and f": {self.reason}")


def measure_likeness(
    image: UInt8[np.ndarray, "H W 3"], faces: Detections, person: Person, loaded: PhotographNetworks
) -> Float[np.ndarray, "N"]:
    """Return the likeness of each face of a photograph to the person."""
    return compare_faces(
        np.stack([align_arcface(image, points) for points in faces.landmarks]),
        [arcface_side(points) for points in faces.landmarks],
        person.ref_crops.numpy(),
        loaded.recogniser,
    )


def choose_factor(
    side: float, person: Person, image_size: int, wishes: Wishes
) -> tuple[ScaleFactor | None, str]:
    """Return the scale factor for a face of the person, or None, and what is to be said of it.

    Args:
        side: See `measure_side`.
        person: Whose trials are asked.
        image_size: Of the network.
        wishes: Of the user.
    """
    factor = wishes.scale_factor or choose_scale(side, image_size)
    if factor is None or side > TOLERANCE * image_size / factor:
        factor = factor or 4
        reason = (
            f"it has the detail of {side:.0f} px, more than the {image_size // factor} px that "
            f"the network is shown at x{factor}"
        )
        return (factor, reason) if wishes.force else (None, reason)
    trial = next((trial for trial in person.trials if trial.scale_factor == factor), None)
    if trial and trial.helps:
        return factor, ""
    reason = f"with these weights {trial.describe()}" if trial else "nobody tried this size"
    return (factor, reason) if wishes.force or trial is None else (None, reason)


def choose_faces(
    image: UInt8[np.ndarray, "H W 3"],
    faces: Detections,
    person: Person,
    loaded: PhotographNetworks,
    wishes: Wishes,
) -> list[Choice]:
    """Decide about each face of a photograph.

    Args:
        image: RGB.
        faces: Found in it, one or more.
        person: To be restored.
        loaded: See `load_photograph_networks`.
        wishes: Of the user.

    Returns:
        A choice for each face, in their order.
    """
    likeness = measure_likeness(image, faces, person, loaded)
    choices = []
    for index, (box, points, value) in enumerate(
        zip(faces.boxes, faces.landmarks, likeness, strict=True)
    ):
        side, factor = measure_side(image, points), None
        if not wishes.all_faces and value < LIKENESS:
            reason = f"not {person.name}, for whom a likeness of {LIKENESS} is wanted"
        elif not wishes.all_faces and value < likeness.max():
            reason = f"another face here is more like {person.name}"
        else:
            size = loaded.config.shards.image_size
            factor, reason = choose_factor(side, person, size, wishes)
        choices.append(
            Choice(
                index=index,
                height=float(box[3] - box[1]),
                likeness=float(value),
                side=side,
                scale_factor=factor,
                reason=reason,
            )
        )
    return choices
