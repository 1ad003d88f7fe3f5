"""Microphones that are held up to a speaker: they hide a part of the chin and of the chest."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.camera import Camera
from idfsr.synthref.canvas import Canvas
from idfsr.synthref.chance import happens
from idfsr.synthref.color import to_linear
from idfsr.synthref.development import NOMINAL_SIZE
from idfsr.synthref.illumination import Light, basis, project

NEAR_MOUTH: Final = np.array([0.0, -0.95, 1.5])
"""A place in front of and below the chin, in the camera's axes."""
FOAM: Final = ((22, 22, 24), (30, 30, 32), (36, 38, 44), (24, 42, 92), (120, 24, 28), (26, 66, 58))
"""sRGB colours of windshields."""
HANDLE: Final = (34, 34, 36)
MESH_PITCH = 0.09
"""Of the wires of a metal head, over its radius."""
RING = 0.1
"""Half of the width of the ring around a metal head, over its radius."""
BLUR = (0.4, 1.6)
"""Standard deviation in pixels at a side of 256: they are nearer than what is in focus."""
GLOSS_METAL, GLOSS_FOAM = 0.25, 0.03


@dataclass(frozen=True)
class Microphone:
    """One, in the camera's axes and units of the mesh."""

    place: Float[np.ndarray, "3"]
    """Middle of the head."""
    radius: float
    down: Float[np.ndarray, "2"]
    """Direction of the handle (x, y), y up."""
    handle: float
    """Half of its width over the radius of the head."""
    color: Float[np.ndarray, "3"]
    """Linear RGB."""
    metal: bool
    blur: float


def sample_microphones(seed: int, count: int) -> list[Microphone]:
    """Draw the microphones of the image with a seed."""
    rng = np.random.default_rng([seed, 8])
    found = []
    for _ in range(count):
        lean = rng.normal(0, 0.35)
        metal = happens(rng, 0.35)
        color = to_linear(np.array(FOAM[int(rng.integers(len(FOAM)))], np.float64))
        found.append(
            Microphone(
                place=NEAR_MOUTH + rng.normal(0, 1, 3) * (0.45, 0.12, 0.15),
                radius=rng.uniform(0.2, 0.26) if metal else rng.uniform(0.26, 0.36),
                down=np.array([np.sin(lean), -np.cos(lean)]),
                handle=rng.uniform(0.45, 0.6),
                color=to_linear(np.full(3, 120.0)) if metal else color,
                metal=metal,
                blur=rng.uniform(*BLUR),
            )
        )
    return found


def _lit(
    normal: Float[np.ndarray, "H W 3"],
    albedo: Float[np.ndarray, "H W 3"],
    light: Light,
    gloss: float,
) -> Float[np.ndarray, "H W 3"]:
    """Light a surface by environment, key and fill."""
    total = np.maximum(basis(normal) @ project(light.environment), 0)
    half = light.key_direction + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    for direction, color in (
        (light.key_direction, light.key_color),
        (light.fill_direction, light.fill_color),
    ):
        total = total + np.maximum(normal @ direction, 0)[..., None] * color
    shine = gloss * np.maximum(normal @ half, 0)[..., None] ** 40 * light.key_color
    return np.asarray(albedo * total + shine)


def _shape(
    microphone: Microphone, dx: Float[np.ndarray, "H W"], dy: Float[np.ndarray, "H W"]
) -> tuple[Float[np.ndarray, "H W"], Float[np.ndarray, "H W 3"], Float[np.ndarray, "H W 3"]]:
    """Return cover, normals and albedo at offsets from the head's middle, over its radius."""
    along = dx * microphone.down[0] + dy * microphone.down[1]
    aside = dx * -microphone.down[1] + dy * microphone.down[0]
    ball = dx**2 + dy**2 < 1
    width = microphone.handle * np.maximum(1 - 0.03 * along, 0.2)
    stick = (along > 0) & (np.abs(aside) < width)
    across = np.clip(aside / width, -1, 1)
    right = np.array([-microphone.down[1], microphone.down[0]])
    ball_normal = np.stack([dx, dy, np.sqrt(np.clip(1 - dx**2 - dy**2, 0, 1))], axis=-1)
    stick_normal = np.stack([across * right[0], across * right[1], np.sqrt(1 - across**2)], axis=-1)
    albedo = np.where(ball[..., None], microphone.color, to_linear(np.array(HANDLE, np.float64)))
    if microphone.metal:  # wires of the basket, but on the ring around it
        longitude, latitude = (np.arcsin(np.clip(value, -1, 1)) for value in (aside, along))
        wires = np.sin(longitude * np.pi / MESH_PITCH) * np.sin(latitude * np.pi / MESH_PITCH)
        basket = ball & (np.abs(along) > RING)
        albedo = albedo * np.where(basket, 0.55 + 0.45 * wires, 1.0)[..., None]
    normal = np.where(ball[..., None], ball_normal, stick_normal)
    return (ball | stick).astype(np.float64), normal, albedo


def draw_microphone(canvas: Canvas, camera: Camera, microphone: Microphone, light: Light) -> None:
    """Draw a ball on a stick over the image; it is nearer than all else."""
    size = len(canvas.image)
    place = microphone.place[None].astype(np.float32)
    x, y, _ = camera.to_screen(place)[0]
    radius = microphone.radius * float(camera.pixels_per_unit(place)[0])
    blur = microphone.blur * size / NOMINAL_SIZE
    top = int(np.clip(y - radius - 4 * blur, 0, size - 1))
    rows, columns = np.mgrid[top:size, 0:size] + 0.5
    cover, normal, albedo = _shape(microphone, (columns - x) / radius, (y - rows) / radius)
    color = _lit(normal, albedo, light, GLOSS_METAL if microphone.metal else GLOSS_FOAM)
    layer = np.concatenate([color, np.ones_like(color[..., :1])], axis=-1) * cover[..., None]
    layer = cv2.GaussianBlur(layer.astype(np.float32), (0, 0), blur)
    canvas.image[top:] = layer + (1 - layer[..., 3:]) * canvas.image[top:]
