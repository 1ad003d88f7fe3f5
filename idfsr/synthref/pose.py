"""What differs between images of one person: pose, expression, light, camera, quality."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.synthref.chance import happens
from idfsr.synthref.identity import POPULATIONS
from idfsr.synthref.sources import RACES

EXPRESSIONS: Final = {
    "neutral": {},
    "happy": {
        "mouth-corner-puller": 0.65, "mouth-upward-retraction": 0.9, "mouth-retraction": 0.2,
        "eye-slit": 0.22, "eyebrows-up": 0.15,
    },
    "sad": {
        "mouth-depression": 1.15, "eyebrows-inner-up": 1.5, "eye-slit": 0.5,
    },
    "angry": {
        "eyebrows-down": 1.45, "mouth-pursing": 0.55, "mouth-depression": 0.25,
        "nose-dilatation": 0.8, "eye-slit": 0.25,
    },
    "surprise": {"eyebrows-up": 1.4, "mouth-open": 0.8, "eye-opened-up": 1.1},
    "fear": {
        "eyebrows-inner-up": 1.3, "eyebrows-up": 0.6, "eye-opened-up": 1.2,
        "mouth-depression-retraction": 1.0, "mouth-retraction": 0.35,
    },
    "disgust": {
        "nose-elevation": 1.2, "nose-compression": 1.0, "mouth-elevation": 1.1,
        "eyebrows-down": 0.7, "eye-slit": 0.5,
    },
}  # fmt: skip
"""Expression units of each expression at full strength; those with sides act on both."""

FURROWS: Final = {
    "neutral": (0.0, 0.0, 0.0, 0.0),
    "happy": (0.0, 0.0, 1.0, 0.0),
    "sad": (0.6, 0.3, 0.1, 0.4),
    "angry": (0.0, 1.0, 0.3, 0.1),
    "surprise": (1.0, 0.0, 0.0, 0.0),
    "fear": (0.9, 0.4, 0.0, 0.0),
    "disgust": (0.0, 0.8, 0.7, 0.0),
}
"""How much an expression deepens each of `wrinkles.GROUPS`."""

SHARES: Final = (0.22, 0.2, 0.12, 0.12, 0.12, 0.11, 0.11)

MAX_YAW, MAX_PITCH = 36.0, 18.0


@dataclass(frozen=True)
class Light:
    """Light in the camera's axes (x to the right, y up, z to the viewer), linear RGB."""

    key_direction: Float[np.ndarray, "3"]
    key_color: Float[np.ndarray, "3"]
    fill_direction: Float[np.ndarray, "3"]
    fill_color: Float[np.ndarray, "3"]
    rim_color: Float[np.ndarray, "3"]
    sky: Float[np.ndarray, "3"]
    ground: Float[np.ndarray, "3"]


@dataclass(frozen=True)
class Photo:
    """One image of a person."""

    seed: int
    """Seed of background and noise."""
    expression: str
    strength: float
    """Of the expression."""
    yaw: float
    """Degrees; positive turns the face to the viewer's right."""
    pitch: float
    """Degrees; positive looks down."""
    roll: float
    """Degrees by which the aligned face is still turned, clockwise."""
    scale: float
    shift: Float[np.ndarray, "2"]
    """Of the aligned face, as shares of the image's side."""
    distance: float
    """Of the camera, in decimetres."""
    gaze: Float[np.ndarray, "2"]
    light: Light
    exposure: float
    blur: float
    """Standard deviation in pixels at 256."""
    noise: float
    """Standard deviation in grey levels."""
    jpeg_quality: int


def _sample_light(rng: np.random.Generator) -> Light:
    warmth = rng.normal(0, 0.09)
    tint = np.array([1 + warmth, 1.0, 1 - warmth])
    ambient = rng.uniform(0.22, 0.55)
    sky_tint = np.array([1 - 0.8 * warmth, 1.0, 1 + 0.8 * warmth]) + rng.normal(0, 0.04, 3)
    key = np.array([rng.normal(0, 0.75), rng.uniform(-0.05, 1.1), 1.0])
    fill = np.array([-np.sign(key[0]) * rng.uniform(0.3, 1.0), rng.normal(0, 0.3), 0.8])
    return Light(
        key_direction=key / np.linalg.norm(key),
        key_color=tint * rng.uniform(0.55, 1.15),
        fill_direction=fill / np.linalg.norm(fill),
        fill_color=np.clip(sky_tint * rng.uniform(0.0, 0.35), 0, 1),
        rim_color=sky_tint * max(0.0, rng.normal(0.1, 0.25)),
        sky=ambient * sky_tint,
        ground=ambient * rng.uniform(0.35, 0.75) * tint,
    )


def sample_photo(population: str, seed: int, number: int, image_number: int) -> Photo:
    """Draw an image of a person.

    Args:
        population: Key of `identity.POPULATIONS`.
        seed: The run's seed.
        number: The identity's number.
        image_number: The image's number.
    """
    rng = np.random.default_rng([POPULATIONS[population], seed, number, image_number, 1])
    blurred = happens(rng, 0.3)
    return Photo(
        seed=int(rng.integers(2**31)),
        expression=str(rng.choice(list(EXPRESSIONS), p=SHARES)),
        strength=rng.uniform(0.85, 1.1),
        yaw=float(np.clip(rng.normal(0, 12), -MAX_YAW, MAX_YAW)),
        pitch=float(np.clip(rng.normal(0, 6), -MAX_PITCH, MAX_PITCH)),
        roll=float(rng.normal(0, 3)),
        scale=float(np.clip(rng.normal(1, 0.025), 0.92, 1.08)),
        shift=rng.normal(0, 0.01, 2),
        distance=rng.uniform(7.5, 16),
        gaze=np.clip(rng.normal(0, 0.1, 2), -0.25, 0.25) * np.array([1.0, 0.5]),
        light=_sample_light(rng),
        exposure=float(rng.lognormal(0.0, 0.13)),
        blur=rng.uniform(0.3, 0.9) if blurred else 0.0,
        noise=rng.uniform(0, 2.5),
        jpeg_quality=int(rng.integers(70, 97)),
    )


def unit_weights(
    photo: Photo, race_weights: Float[np.ndarray, "3"], names: tuple[str, ...]
) -> dict[str, float]:
    """Return the weights of the expression targets, mixed over the races."""
    known = set(names)
    weights: dict[str, float] = {}
    for unit, weight in EXPRESSIONS[photo.expression].items():
        part, _, rest = unit.partition("-")
        for race, share in zip(RACES, race_weights, strict=True):
            sides = [f"expression/{race}/{part}-{side}-{rest}" for side in ("left", "right")]
            both = [name for name in sides if name in known] or [f"expression/{race}/{unit}"]
            for name in both:
                weights[name] = weights.get(name, 0.0) + photo.strength * weight * float(share)
    return weights


def rotation(photo: Photo) -> Float[np.ndarray, "3 3"]:
    """Return the head's turn: first yaw about the upright axis, then pitch about x."""
    yaw, pitch = np.radians([photo.yaw, photo.pitch])
    around_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    around_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    return np.asarray(around_x @ around_y)


def _similarity(src: Float[np.ndarray, "N 2"], dst: Float[np.ndarray, "N 2"]) -> np.ndarray:
    """Fit scale, turn and shift by least squares (Umeyama 1991; in the plane a regression)."""
    p, q = (src @ [1, 1j]), (dst @ [1, 1j])
    factor = np.vdot(p - p.mean(), q - q.mean()) / np.vdot(p - p.mean(), p - p.mean())
    offset = q.mean() - factor * p.mean()
    return np.array(
        [[factor.real, -factor.imag, offset.real], [factor.imag, factor.real, offset.imag]]
    )


def align(flat: Float[np.ndarray, "5 2"], photo: Photo, size: int) -> Float[np.ndarray, "2 3"]:
    """Return the similarity that brings projected landmarks to their places of FFHQ.

    Args:
        flat: The five projected landmarks (x, y), y down.
        photo: Its jitter of scale, turn and place is applied around the image's centre.
        size: Side of the image in pixels.
    """
    matrix = _similarity(flat, np.array(FFHQ_LANDMARKS_512) * (size / 512))
    roll = np.radians(photo.roll)
    turn = photo.scale * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    centre = np.full(2, size / 2)
    linear = turn @ matrix[:, :2]
    offset = turn @ (matrix[:, 2] - centre) + centre + photo.shift * size
    return np.column_stack([linear, offset])
