"""What differs between images of one person: pose, expression, light, camera, quality."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.synthref.chance import happens
from idfsr.synthref.development import Development, neutral_development, sample_development
from idfsr.synthref.identity import POPULATIONS
from idfsr.synthref.illumination import Light, draw_place, even_light, light_on_face
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

MAX_YAW, MAX_PITCH = 45.0, 20.0
ASIDE = 0.15
"""Share of images whose yaw is drawn evenly up to `MAX_YAW`."""
WINDY_SHARE, SUNGLASSES_SHARE, MICROPHONE_SHARE = 0.1, 0.01, 0.035
NEAREST, FARTHEST = 5.0, 40.0
"""Of the camera, in decimetres: a phone at arm's length, a lens of a stadium."""


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
    surroundings: str
    """Kind of the background, see `background.KINDS`."""
    development: Development
    windy: bool
    sunglasses: bool
    num_microphones: int


def sample_photo(population: str, seed: int, number: int, image_number: int) -> Photo:
    """Draw an image of a person.

    Args:
        population: Key of `identity.POPULATIONS`.
        seed: The run's seed.
        number: The identity's number.
        image_number: The image's number.
    """
    rng = np.random.default_rng([POPULATIONS[population], seed, number, image_number, 1])
    aside = happens(rng, ASIDE)
    light, surroundings = draw_place(rng)
    return Photo(
        seed=int(rng.integers(2**31)),
        expression=str(rng.choice(list(EXPRESSIONS), p=SHARES)),
        strength=rng.uniform(0.85, 1.1),
        yaw=float(np.clip(rng.normal(0, 12), -MAX_YAW, MAX_YAW))
        if not aside
        else rng.uniform(-MAX_YAW, MAX_YAW),
        pitch=float(np.clip(rng.normal(0, 6), -MAX_PITCH, MAX_PITCH)),
        roll=float(rng.normal(0, 3)),
        scale=float(np.clip(rng.normal(1, 0.03), 0.9, 1.1)),
        shift=rng.normal(0, 0.012, 2),
        distance=float(np.clip(rng.lognormal(np.log(14), 0.5), NEAREST, FARTHEST)),
        gaze=np.clip(rng.normal(0, 0.1, 2), -0.25, 0.25) * np.array([1.0, 0.5]),
        light=light,
        surroundings=surroundings,
        development=sample_development(rng, light_on_face(light)),
        windy=happens(rng, WINDY_SHARE),
        sunglasses=happens(rng, SUNGLASSES_SHARE),
        num_microphones=int(rng.integers(1, 4)) if happens(rng, MICROPHONE_SHARE) else 0,
    )


def neutral_photo() -> Photo:
    """Return a frontal photo that shows colours as they are.

    Light is white and even, nothing is exposed, blurred, graded or compressed: the colour of an
    open place of the skin is that of its paint.
    """
    return Photo(
        seed=0, expression="neutral", strength=1.0, yaw=0.0, pitch=0.0, roll=0.0, scale=1.0,
        shift=np.zeros(2), distance=14.0, gaze=np.zeros(2), light=even_light(),
        surroundings="paper", development=neutral_development(), windy=False, sunglasses=False,
        num_microphones=0,
    )  # fmt: skip


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
