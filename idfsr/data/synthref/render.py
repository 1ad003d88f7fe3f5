"""From a person and a photo to pixels and landmarks."""

import io
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from idfsr.data.synthref.background import paint_background
from idfsr.data.synthref.bake import texture_coordinates
from idfsr.data.synthref.color import to_linear, to_srgb
from idfsr.data.synthref.glasses import build_glasses
from idfsr.data.synthref.hair import Strands, grow_hair
from idfsr.data.synthref.identity import Identity
from idfsr.data.synthref.kernels import (
    BACKGROUND,
    raster_ribbons,
    raster_sphere,
    raster_triangles,
    vertex_normals,
)
from idfsr.data.synthref.mesh import HeadModel
from idfsr.data.synthref.pose import FURROWS, Light, Photo, align, rotation, unit_weights
from idfsr.data.synthref.shading import (
    EYE_LEFT,
    EYE_RIGHT,
    SHADOW_SIZE,
    SHADOW_SPAN,
    light_on_vertices,
    shade_pixels,
    shade_strands,
)
from idfsr.data.synthref.skin import SkinTexture, paint_skin
from idfsr.data.synthref.subdivide import interpolate

SUPERSAMPLING = 2
RELIEF = 0.8
IRIS_RADIUS = 0.46
"""Of an iris of scale 1, over the eyeball's."""
TEETH = (226, 214, 196)
LASH_COLOR = (14, 10, 9)
LASHES_PER_CHAIN = 4
EXPOSURE = 1.45


@dataclass(frozen=True)
class PreparedPerson:
    """What all images of a person share."""

    person: Identity
    coarse: Float[np.ndarray, "V 3"]
    neutral: Float[np.ndarray, "N 3"]
    skin: SkinTexture
    strands: Strands
    glasses: Float[np.ndarray, "S K 3"]
    glasses_widths: Float[np.ndarray, " S"]
    texels: Float[np.ndarray, "N 2"]


def prepare_person(head: HeadModel, person: Identity) -> PreparedPerson:
    """Build the shape, paint the skin, grow the hair."""
    coarse = head.base + head.displacement(person.shape)
    neutral = interpolate(head.refine, coarse)
    glasses, widths = build_glasses(head, person, neutral)
    return PreparedPerson(
        person=person,
        coarse=coarse,
        neutral=neutral,
        skin=paint_skin(head, person),
        strands=grow_hair(head, person, neutral),
        glasses=glasses,
        glasses_widths=widths,
        texels=texture_coordinates(head.rest),
    )


class _Camera:
    """Turns points of the head into the camera's axes and onto the screen."""

    def __init__(self, head: HeadModel, vertices: np.ndarray, photo: Photo, size: int) -> None:
        eyes = vertices[head.landmarks[:2]].mean(axis=(0, 1))
        self.centre = eyes - np.array([0.0, 0.25, 0.5])
        self.turn = rotation(photo)
        self.distance = photo.distance
        flat = self._project(self.to_camera(vertices[head.landmarks].mean(axis=1)))
        self.matrix = align(flat, photo, size)
        self.scale = float(np.linalg.norm(self.matrix[:, 0]))
        self.landmarks = self.to_screen(self.to_camera(vertices[head.landmarks].mean(axis=1)))[
            :, :2
        ]

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        return np.asarray((points - self.centre) @ self.turn.T, np.float32)

    def _project(self, points: np.ndarray) -> np.ndarray:
        factor = self.distance / (self.distance - points[..., 2:3])
        return np.asarray(points[..., :2] * factor * np.array([1, -1]))

    def to_screen(self, points: np.ndarray) -> np.ndarray:
        """Return (x, y, depth) in pixels."""
        flat = self._project(points) @ self.matrix[:, :2].T + self.matrix[:, 2]
        depth = self.scale * points[..., 2:3]
        return np.concatenate([flat, depth], axis=-1).astype(np.float32)

    def pixels_per_unit(self, points: np.ndarray) -> np.ndarray:
        return np.asarray(self.scale * self.distance / (self.distance - points[..., 2]), np.float32)


class _Canvas:
    """Linear image with its z-buffer."""

    def __init__(self, size: int) -> None:
        self.image = np.zeros((size, size, 3), np.float32)
        self.depth = np.full((size, size), -np.inf, np.float32)
        self.face_ids = np.full((size, size), BACKGROUND, np.int32)
        self.weights = np.zeros((size, size, 2), np.float32)
        self.covered = np.zeros((size, size), np.uint8)


def _light_rows(light: Light, up: np.ndarray, exposure: float) -> np.ndarray:
    colors = [light.key_color, light.fill_color, light.rim_color, light.sky, light.ground]
    rows = [light.key_direction, light.fill_direction, up]
    return np.array([*rows, *(EXPOSURE * exposure * color for color in colors)], np.float64)


def _shadow_map(
    light: Light, triangles: np.ndarray, position: np.ndarray, strands: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the depth of head and hair as the key sees them."""
    key = light.key_direction
    side = np.cross([0, 1, 0.01], key)
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(key, side), key])
    canvas = _Canvas(SHADOW_SIZE)
    scale = SHADOW_SIZE / SHADOW_SPAN

    def seen(points: np.ndarray) -> np.ndarray:
        inside = points @ frame.T
        inside[..., 0] = inside[..., 0] * scale + SHADOW_SIZE / 2
        inside[..., 1] = SHADOW_SIZE / 2 - inside[..., 1] * scale
        return np.asarray(inside, np.float32)

    raster_triangles(seen(position), triangles, canvas.depth, canvas.face_ids, canvas.weights)
    if len(strands):
        some = np.ascontiguousarray(seen(strands[::2]))
        widths = np.full(some.shape[:2], 1.8, np.float32)
        raster_ribbons(
            some, widths, np.zeros_like(some), canvas.depth, canvas.image, canvas.covered
        )
    return frame, canvas.depth


def _eye_rows(
    head: HeadModel, camera: _Camera, vertices: np.ndarray, photo: Photo
) -> tuple[np.ndarray, np.ndarray]:
    """Return place and size of the eyeballs, and where they look."""
    rows, frames = [], []
    for eye in head.eyes:
        ball = vertices[eye]
        centre = (ball.max(axis=0) + ball.min(axis=0)) / 2
        radius = float(np.linalg.norm(ball - centre, axis=1).mean())
        place = camera.to_camera(centre[None])
        screen = camera.to_screen(place)[0]
        size = radius * float(camera.pixels_per_unit(place)[0])
        rows.append([screen[0], screen[1], size, *place[0], screen[2]])
        ahead = np.array([photo.gaze[0], photo.gaze[1], 1.0])
        gaze = camera.turn @ np.array([-0.35 * camera.turn[2, 0], -0.35 * camera.turn[2, 1], 0.0])
        gaze = camera.turn @ (ahead / np.linalg.norm(ahead)) + 0 * gaze
        gaze = gaze / np.linalg.norm(gaze)
        right = np.cross([0, 1, 0], gaze)
        right /= np.linalg.norm(right)
        frames.append([gaze, right, np.cross(gaze, right)])
    return np.array(rows), np.array(frames)


def _lash_strands(head: HeadModel, vertices: np.ndarray, lashes: float) -> np.ndarray:
    """Return lashes as strands, several for each chain of vertices."""
    chains = vertices[head.lashes]
    lower = chains[:, -1, 1] < chains[:, 0, 1]
    length = (0.35 + 0.65 * lashes) * np.where(lower, 0.4, 1.0)[:, None, None]
    chains = chains[:, :1] + length * (chains - chains[:, :1])
    order = np.lexsort((chains[:, 0, 0], chains[:, 0, 1] > chains[:, -1, 1], chains[:, 0, 0] > 0))
    chains = chains[order]
    step = np.linspace(0, 1, LASHES_PER_CHAIN, endpoint=False)[:, None, None, None]
    between = chains[None, :-1] + step * (chains[None, 1:] - chains[None, :-1])
    near = np.linalg.norm(chains[1:, 0] - chains[:-1, 0], axis=1) < 0.08  # noqa: PLR2004
    return np.asarray(between[:, near].reshape(-1, chains.shape[1], 3))


def _draw_strands(
    canvas: _Canvas, camera: _Camera, points: np.ndarray, widths: np.ndarray, shaded: np.ndarray
) -> None:
    screen = camera.to_screen(points)
    taper = np.linspace(1, 0.35, points.shape[1])[None]
    pixels = (widths[:, None] * camera.pixels_per_unit(points) * taper).astype(np.float32)
    raster_ribbons(screen, pixels, shaded, canvas.depth, canvas.image, canvas.covered)


def render_linear(
    head: HeadModel, prepared: PreparedPerson, photo: Photo, size: int
) -> tuple[_Canvas, Float[np.ndarray, "5 2"]]:
    """Draw head, hair and glasses without the background.

    Returns:
        The canvas in linear light, and the landmarks in its pixels.
    """
    person = prepared.person
    weights = unit_weights(photo, person.race_weights, head.target_names)
    vertices = prepared.neutral
    if weights:
        vertices = interpolate(head.refine, prepared.coarse + head.expression(weights))
    camera = _Camera(head, vertices, photo, size)
    position = camera.to_camera(vertices)
    strands = camera.to_camera(prepared.strands.points)
    frame, shadow = _shadow_map(photo.light, head.triangles, position, strands)
    light = _light_rows(photo.light, camera.turn[:, 1], photo.exposure)
    canvas = _Canvas(size)
    raster_triangles(
        camera.to_screen(position), head.triangles, canvas.depth, canvas.face_ids, canvas.weights
    )
    eyes, eye_frames = _eye_rows(head, camera, vertices, photo)
    for face_id, eye in zip((EYE_LEFT, EYE_RIGHT), eyes, strict=True):
        centre = np.array([eye[0], eye[1], eye[6]])
        raster_sphere(centre, eye[2], face_id, canvas.depth, canvas.face_ids)
    furrows = photo.strength * np.array(FURROWS[photo.expression], np.float32)
    slopes = prepared.skin.slopes
    for depth, deep in zip(furrows, prepared.skin.wrinkle_slopes, strict=True):
        if depth > 0:
            slopes = slopes + (0.35 + 0.65 * person.skin.wrinkles) * depth * deep
    shade_pixels(
        canvas.face_ids, canvas.weights, head.triangles, head.parts, position,
        vertex_normals(position, head.triangles), prepared.texels, head.inside_mouth,
        head.occlusion, light_on_vertices(position, frame, shadow), prepared.skin.layers, slopes, RELIEF, eyes, eye_frames,
        to_linear(person.iris), IRIS_RADIUS * person.iris_scale,
        to_linear(np.array(TEETH, np.float64)), light, frame, shadow, photo.distance, canvas.image,
    )  # fmt: skip
    lit = np.empty(strands.shape, np.float32)
    shade_strands(
        strands, prepared.strands.colors, prepared.strands.depths, photo.distance, light, frame,
        shadow, lit,
    )  # fmt: skip
    _draw_strands(canvas, camera, strands, prepared.strands.widths, lit)
    _draw_small_parts(head, prepared, camera, vertices, canvas, (light, frame, shadow))
    return canvas, camera.landmarks


def _draw_small_parts(
    head: HeadModel,
    prepared: PreparedPerson,
    camera: _Camera,
    vertices: np.ndarray,
    canvas: _Canvas,
    lighting: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Draw lashes and glasses."""
    person = prepared.person
    lashes = _lash_strands(head, vertices, person.lashes)
    parts = (
        (lashes, np.full(len(lashes), 0.004 + 0.003 * person.lashes), np.array(LASH_COLOR)),
        (prepared.glasses, prepared.glasses_widths, person.glasses_color),
    )
    for points, widths, color in parts:
        if len(points) == 0:
            continue
        inside = camera.to_camera(points)
        colors = np.tile(to_linear(color.astype(np.float64)), (len(points), 1))
        lit = np.empty(inside.shape, np.float32)
        depths = np.ones(len(points))
        shade_strands(inside, colors, depths, camera.distance, *lighting, lit)
        _draw_strands(canvas, camera, inside, widths, lit)


def _roll_off(value: np.ndarray) -> np.ndarray:
    """Compress highlights as film does."""
    return np.asarray(value * (1 + 0.22 * value) / (1 + 0.75 * value))


def _finish(
    image: Float[np.ndarray, "H W 3"], photo: Photo, rng: np.random.Generator
) -> UInt8[np.ndarray, "H W 3"]:
    """Expose, blur, add noise and compress, as a camera would."""
    curve = 0.45 * _roll_off(image)
    brightest = image.max(axis=-1, keepdims=True) + 1e-6
    curve += 0.55 * image * _roll_off(brightest) / brightest  # keeps the hue of bright skin
    if photo.blur > 0:
        curve = cv2.GaussianBlur(curve, (0, 0), photo.blur * len(image) / 256)
    grey = to_srgb(curve) + photo.noise * rng.standard_normal(image.shape)
    pixels = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=photo.jpeg_quality, subsampling=0)
    return np.asarray(Image.open(buffer).convert("RGB"))


def render_image(
    head: HeadModel, prepared: PreparedPerson, photo: Photo, size: int
) -> tuple[UInt8[np.ndarray, "size size 3"], Float[np.ndarray, "5 2"]]:
    """Render one image.

    Args:
        head: The mesh.
        prepared: The person.
        photo: Pose, expression, light and quality.
        size: Side in pixels.

    Returns:
        RGB, and the five landmarks (x, y) in pixels, in the order of `docs/conventions.md`.
    """
    rng = np.random.default_rng(photo.seed)
    canvas, landmarks = render_linear(head, prepared, photo, size * SUPERSAMPLING)
    background = paint_background(rng, size)
    covered = ((canvas.face_ids != BACKGROUND) | (canvas.covered > 0)).astype(np.float32)
    area = (size, size)
    front = cv2.resize(np.minimum(canvas.image, 4.0), area, interpolation=cv2.INTER_AREA)
    share = cv2.resize(covered, area, interpolation=cv2.INTER_AREA)[..., None]
    image = front + (1 - share) * background
    return _finish(image, photo, rng), (landmarks / SUPERSAMPLING).astype(np.float32)
