"""What differs between images of one person: pose, expression, light, camera, quality."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.synthref.chance import happens
from idfsr.synthref.development import Development, neutral_development, sample_development
from idfsr.synthref.expression import sample_expression
from idfsr.synthref.identity import POPULATIONS
from idfsr.synthref.illumination import Light, draw_place, even_light, light_on_face

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
    seed_of_noise = int(rng.integers(2**31))
    expression, strength = sample_expression(rng)
    return Photo(
        seed=seed_of_noise,
        expression=expression,
        strength=strength,
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
