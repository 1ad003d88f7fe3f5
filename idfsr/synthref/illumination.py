"""The light of a photograph: an environment of low frequency and up to three lamps.

The environment is a small map of radiance over all directions, made from gradients, noise and
bright patches (windows, lamps, the sky). Nine coefficients a channel stand for what it does to a
matt surface (Ramamoorthi and Hanrahan 2001). The place (`places.py`) says which lights there are.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.color import LUMINANCE, black_body, daylight, light_color
from idfsr.synthref.places import PLACE_SHARES, PLACES, Place, Range

MAP_ROWS, MAP_COLUMNS = 12, 24
"""Of a map of the environment; row 0 is straight up, the middle column towards the camera."""
BANDS: Final = np.array([0, 1, 1, 1, 2, 2, 2, 2, 2])
COSINE: Final = np.array([1.0, 2 / 3, 1 / 4])
"""What a matt surface keeps of each band, over pi (Ramamoorthi and Hanrahan 2001, Eq. 8)."""
NORMS: Final = np.array(
    [0.282095, 0.488603, 0.488603, 0.488603, 1.092548, 1.092548, 0.315392, 1.092548, 0.546274]
)
"""Of the real spherical harmonics whose polynomials `basis` returns."""
FACE_NORMALS: Final = np.array(
    [[0, 0, 1], [0.6, 0, 0.8], [-0.6, 0, 0.8], [0, 0.5, 0.866], [0, -0.5, 0.866]]
)
"""Where light on the face is metered: exposure follows it, never the colour of the skin."""
CHROMA_TAKEN = 0.5
"""Power of the background's colour in the light that comes from there."""


@dataclass(frozen=True)
class Light:
    """Light in the camera's axes (x to the right, y up, z to the viewer), linear RGB.

    The light on the face has a luminance of 1: see `metered`.
    """

    key_direction: Float[np.ndarray, "3"]
    key_color: Float[np.ndarray, "3"]
    softness: float
    fill_direction: Float[np.ndarray, "3"]
    fill_color: Float[np.ndarray, "3"]
    back_direction: Float[np.ndarray, "3"]
    back_color: Float[np.ndarray, "3"]
    environment: Float[np.ndarray, "R C 3"]
    """Radiance from each direction, over pi times that which makes white white."""
    background: Float[np.ndarray, "3"]
    """On what lies behind the head."""


def basis(directions: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 9"]:
    """Return the polynomials of the first nine real spherical harmonics, without their norms."""
    x, y, z = np.moveaxis(np.asarray(directions, np.float64), -1, 0)
    one = np.ones_like(x)
    return np.stack([one, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], axis=-1)


def map_directions() -> tuple[Float[np.ndarray, "R C 3"], Float[np.ndarray, "R C"]]:
    """Return the direction and the solid angle of each cell of a map."""
    polar = np.pi * (np.arange(MAP_ROWS) + 0.5) / MAP_ROWS
    turn = 2 * np.pi * (np.arange(MAP_COLUMNS) + 0.5) / MAP_COLUMNS - np.pi
    polar, turn = np.meshgrid(polar, turn, indexing="ij")
    ring = np.sin(polar)
    directions = np.stack([ring * np.sin(turn), np.cos(polar), ring * np.cos(turn)], axis=-1)
    return directions, ring * (4 * np.pi / ring.sum())


DIRECTIONS, SOLID_ANGLES = map_directions()


def project(environment: Float[np.ndarray, "R C 3"]) -> Float[np.ndarray, "9 3"]:
    """Return coefficients whose sum with `basis` of a normal is the light on a matt surface.

    Ramamoorthi and Hanrahan (2001), Eq. 4, 8 and 9, over pi: white under a map of ones gives 1.
    """
    weights = basis(DIRECTIONS) * SOLID_ANGLES[..., None]
    moments = np.einsum("rck,rcd->kd", weights, environment)
    return np.asarray((COSINE[BANDS] * NORMS**2)[:, None] * moments)


def light_on_face(light: Light) -> Float[np.ndarray, "3"]:
    """Return the mean light on the face, linear RGB, where white has 1 in full light."""
    total = basis(FACE_NORMALS) @ project(light.environment)
    for direction, color in (
        (light.key_direction, light.key_color),
        (light.fill_direction, light.fill_color),
    ):
        total = total + np.maximum(FACE_NORMALS @ direction, 0)[:, None] * color
    return np.asarray(total.mean(axis=0))


def metered(light: Light) -> float:
    """Return the luminance of the light on the face."""
    return float(light_on_face(light) @ np.array(LUMINANCE))


def _tilted(x_degrees: float, y_degrees: float) -> np.ndarray:
    """Return the direction so far to the right of and above the camera, seen from the head."""
    turn, height = np.radians([x_degrees, y_degrees])
    ring = np.cos(height)
    return np.array([ring * np.sin(turn), np.sin(height), ring * np.cos(turn)])


def _warm_or_cold(rng: np.random.Generator, kelvin: Range) -> np.ndarray:
    """Draw a lamp or a daylight; fluorescent lamps and leaves make it greener or pinker."""
    drawn = 1 / rng.uniform(1 / kelvin[1], 1 / kelvin[0])
    x, y = daylight(drawn) if drawn >= 5000 else black_body(drawn)  # noqa: PLR2004
    return light_color((x, y + rng.normal(0, 0.003)))


def paint_environment(
    rng: np.random.Generator, ambient: Float[np.ndarray, "3"], top: float, patches: int
) -> Float[np.ndarray, "R C 3"]:
    """Paint a map with light from above and below, noise, and bright patches."""
    height = DIRECTIONS[..., 1]
    level = np.exp2(top * height)
    noise = rng.standard_normal((3, 6)).astype(np.float32)
    noise = np.hstack([noise, noise[:, :1]])  # the seam lies behind the head
    noise = cv2.resize(noise, (MAP_COLUMNS, MAP_ROWS), interpolation=cv2.INTER_LINEAR)
    level = level * np.exp2(rng.uniform(0.2, 0.9) * noise)
    floor = 1 + 0.25 * np.clip(-height, 0, 1)[..., None] * rng.normal(0, 0.4, 3)
    environment = level[..., None] * ambient * np.clip(floor, 0.5, 1.5)
    for _ in range(patches):
        toward = _tilted(rng.uniform(-180, 180), rng.uniform(-10, 60))
        width = rng.uniform(0.03, 0.25)
        patch = np.exp((DIRECTIONS @ toward - 1) / width) * rng.uniform(0.5, 2.0) / width**0.5
        color = 0.5 * ambient + 0.5 * _warm_or_cold(rng, (3000.0, 8000.0))
        environment = environment + 0.5 * patch[..., None] * color
    return np.asarray(environment)


def sample_light(rng: np.random.Generator, place: Place) -> Light:
    """Draw the light of a photograph at a kind of place."""
    ambient = _warm_or_cold(rng, place.ambient_kelvin)
    environment = paint_environment(rng, ambient, rng.uniform(*place.top), int(rng.integers(4)))
    side = float(np.clip(rng.normal(0, place.key_angle), -65, 65))
    key = _tilted(side, rng.uniform(*place.key_height))
    fill = _tilted(-np.sign(side) * rng.uniform(15, 60), rng.uniform(-15, 25))
    back = _tilted(rng.choice([-1, 1]) * rng.uniform(110, 160), rng.uniform(5, 55))
    share = rng.uniform(*place.key_share)
    softness = rng.uniform(*place.softness)
    color = _warm_or_cold(rng, place.key_kelvin)
    # A wide lamp reaches around: a part of it belongs to the environment.
    spread = share * 0.15 * (softness - 0.3)
    lobe = np.exp((DIRECTIONS @ key - 1) / 0.2)[..., None] * color
    dark = Light(
        key, np.zeros(3), softness, fill, np.zeros(3), back, np.zeros(3), 0 * environment, ambient
    )
    key_color = color * (share - spread) / metered(replace(dark, key_color=color))
    environment = environment * (1 - share) / metered(replace(dark, environment=environment))
    environment = environment + lobe * spread / metered(replace(dark, environment=lobe))
    light = replace(
        dark,
        key_color=key_color,
        fill_color=rng.uniform(*place.fill) * share * _warm_or_cold(rng, place.key_kelvin),
        back_color=max(0.0, rng.uniform(*place.back)) * _warm_or_cold(rng, place.ambient_kelvin),
        environment=environment,
        background=ambient**0.5 * rng.uniform(*place.background),  # cameras balance it too
    )
    total = metered(light)
    return replace(
        light,
        key_color=light.key_color / total,
        fill_color=light.fill_color / total,
        environment=environment / total,
    )


def light_in_surroundings(light: Light, background: Float[np.ndarray, "H W 3"]) -> Light:
    """Tint what comes from behind the head by the picture's background; brightness stays."""
    upper, lower = (
        background[rows].mean(axis=(0, 1)).astype(np.float64)
        for rows in (slice(0, len(background) // 2), slice(len(background) // 2, None))
    )
    above = np.clip(0.5 + DIRECTIONS[..., 1:2], 0, 1)
    color = above * upper + (1 - above) * lower
    chroma = np.clip(color / (color.mean(axis=-1, keepdims=True) + 1e-6), 0.5, 1.8)
    here = np.clip((0.2 - DIRECTIONS[..., 2:]) / 0.6, 0, 1)
    return replace(light, environment=light.environment * chroma ** (CHROMA_TAKEN * here))


def even_light() -> Light:
    """Return white light from everywhere and no lamp: a matt surface shows its own colour."""
    nothing, ahead = np.zeros(3), np.array([0.0, 0.0, 1.0])
    white = np.ones((MAP_ROWS, MAP_COLUMNS, 3))
    return Light(ahead, nothing, 1.0, ahead, nothing, -ahead, nothing, white, np.ones(3))


def draw_place(rng: np.random.Generator) -> tuple[Light, str]:
    """Draw the light of a photograph and the kind of its background."""
    place = PLACES[str(rng.choice(list(PLACES), p=PLACE_SHARES))]
    kinds = place.surroundings
    return sample_light(rng, place), str(rng.choice(list(kinds), p=list(kinds.values())))
