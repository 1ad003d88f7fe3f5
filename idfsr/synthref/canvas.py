"""What an image is drawn on, and the map of what the key light sees."""

import numpy as np
from jaxtyping import Float

from idfsr.synthref.camera import Camera
from idfsr.synthref.illumination import Light, basis, project
from idfsr.synthref.kernels import BACKGROUND, blend_ribbons, raster_ribbons, raster_triangles
from idfsr.synthref.lighting import SHADOW_SIZE, SHADOW_SPAN, Lighting

MIRRORED = (0.0, 0.6, 0.8)
"""Where the light comes from that eyes mirror."""
SHADOW_STRAND_WIDTH = 1.8
"""In cells of the shadow map; every second strand is drawn there."""
TIP_WIDTH = 0.35
"""Of a strand, over its width at the root."""
DEPTH_LEVELS = 32000


class Canvas:
    """A square image in linear light, premultiplied RGB and cover, with its z-buffer."""

    def __init__(self, size: int) -> None:
        """Make an empty canvas of `size` pixels a side."""
        self.image = np.zeros((size, size, 4), np.float32)
        self.depth = np.full((size, size), -np.inf, np.float32)
        self.face_ids = np.full((size, size), BACKGROUND, np.int32)
        self.weights = np.zeros((size, size, 2), np.float32)

    def draw_strands(
        self,
        camera: Camera,
        points: Float[np.ndarray, "S K 3"],
        widths: Float[np.ndarray, " S"],
        colors: Float[np.ndarray, "S K 4"],
    ) -> None:
        """Draw strands in the camera's axes, the farthest pieces first.

        Args:
            camera: The camera.
            points: Of the strands.
            widths: At the root, in units of the mesh.
            colors: Linear RGB and opacity.
        """
        if len(points) == 0:
            return
        screen = camera.to_screen(points)
        taper = np.linspace(1, TIP_WIDTH, points.shape[1])[None]
        pixels = (widths[:, None] * camera.pixels_per_unit(points) * taper).astype(np.float32)
        middle = (screen[:, 1:, 2] + screen[:, :-1, 2]).ravel()
        low, high = float(middle.min()), float(middle.max())
        # Few levels of depth, because numpy sorts short integers in linear time.
        levels = ((middle - low) * (DEPTH_LEVELS / (high - low + 1e-6))).astype(np.int16)
        order = np.argsort(levels, kind="stable")
        front = self.depth.copy()
        blend_ribbons(order, screen, pixels, colors, self.depth, front, self.image)
        self.depth = front


def light_rows(light: Light, up: Float[np.ndarray, "3"]) -> Float[np.ndarray, "17 3"]:
    """Return `Lighting.rows` of the light on a head whose up is given."""
    environment = project(light.environment)
    mirrored = np.maximum(basis(np.array(MIRRORED)) @ environment, 0)
    colors = [light.key_color, light.fill_color, light.back_color, mirrored]
    rows = [light.key_direction, light.fill_direction, up, *colors, light.back_direction]
    return np.array([*rows, *environment], np.float64)


def cast_light(
    light: Light,
    camera: Camera,
    triangles: np.ndarray,
    position: Float[np.ndarray, "N 3"],
    strands: Float[np.ndarray, "S K 3"],
) -> Lighting:
    """Draw head and hair as the key sees them.

    Args:
        light: Of the photo.
        camera: Gives the head's up.
        triangles: Of the head.
        position: Its vertices in the camera's axes.
        strands: Of the hair, likewise.
    """
    key = light.key_direction
    side = np.cross([0, 1, 0.01], key)
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(key, side), key])
    canvas = Canvas(SHADOW_SIZE)
    scale = SHADOW_SIZE / SHADOW_SPAN

    def seen(points: np.ndarray) -> np.ndarray:
        inside = points @ frame.T
        inside[..., 0] = inside[..., 0] * scale + SHADOW_SIZE / 2
        inside[..., 1] = SHADOW_SIZE / 2 - inside[..., 1] * scale
        return np.asarray(inside, np.float32)

    raster_triangles(seen(position), triangles, canvas.depth, canvas.face_ids, canvas.weights)
    some = np.ascontiguousarray(seen(strands[::2]))
    raster_ribbons(some, SHADOW_STRAND_WIDTH, canvas.depth)
    rows = light_rows(light, camera.turn[:, 1])
    return Lighting(rows, frame, canvas.depth, light.softness)
