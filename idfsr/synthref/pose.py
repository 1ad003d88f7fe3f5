"""What differs between images of one person: pose, expression, light, camera, quality."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.synthref.chance import happens
from idfsr.synthref.expression import sample_expression
from idfsr.synthref.identity import POPULATIONS

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
    seed_of_noise = int(rng.integers(2**31))
    expression, strength = sample_expression(rng)
    return Photo(
        seed=seed_of_noise,
        expression=expression,
        strength=strength,
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
