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
NOMINAL_SIZE = 256


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


def draw_microphone(canvas: Canvas, camera: Camera, microphone: Microphone, light: Light) -> None:
    """Draw a ball on a stick over the image; it is nearer than all else."""
    size = len(canvas.image)
    x, y, _ = camera.to_screen(microphone.place[None].astype(np.float32))[0]
    radius = microphone.radius * float(
        camera.pixels_per_unit(microphone.place[None].astype(np.float32))[0]
    )
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    dx, dy = (columns + 0.5 - x) / radius, (y - rows - 0.5) / radius
    along = dx * microphone.down[0] + dy * microphone.down[1]
    aside = dx * -microphone.down[1] + dy * microphone.down[0]
    ball = dx**2 + dy**2 < 1
    width = microphone.handle * (1 - 0.03 * along)
    stick = (along > 0) & (np.abs(aside) < width) & ~ball
    shown = ball | stick
    across = np.clip(aside / np.maximum(width, 0.1), -1, 1)
    side = np.array([-microphone.down[1], microphone.down[0]])
    round_z = np.sqrt(np.clip(1 - across**2, 0, 1))
    ball_z = np.sqrt(np.clip(1 - dx**2 - dy**2, 0, 1))
    normal = np.where(
        ball[..., None],
        np.stack([dx, dy, ball_z], axis=-1),
        np.stack([across * side[0], across * side[1], round_z], axis=-1),
    )
    albedo = np.where(ball[..., None], microphone.color, to_linear(np.array(HANDLE, np.float64)))
    ring = (np.abs(along) < RING) & ball if microphone.metal else np.zeros_like(ball)
    if microphone.metal:  # wires of the basket
        longitude, latitude = np.arcsin(np.clip(aside, -1, 1)), np.arcsin(np.clip(along, -1, 1))
        wires = np.sin(longitude * np.pi / MESH_PITCH) * np.sin(latitude * np.pi / MESH_PITCH)
        albedo = albedo * np.where(ball & ~ring, 0.55 + 0.45 * wires, 1.0)[..., None]
    color = _lit(normal, albedo, light, 0.25 if microphone.metal else 0.03)
    layer = np.concatenate([color, np.ones_like(color[..., :1])], axis=-1) * shown[..., None]
    blur = microphone.blur * size / NOMINAL_SIZE
    layer = cv2.GaussianBlur(layer.astype(np.float32), (0, 0), blur)
    canvas.image[:] = layer + (1 - layer[..., 3:]) * canvas.image
