"""From a person and a photo to pixels and landmarks."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from idfsr.synthref.background import paint_background
from idfsr.synthref.bake import texture_coordinates
from idfsr.synthref.camera import Camera
from idfsr.synthref.canvas import Canvas, cast_light
from idfsr.synthref.color import to_linear
from idfsr.synthref.development import develop
from idfsr.synthref.expression import FURROWS, unit_weights
from idfsr.synthref.eyes import EYE_LEFT, EYE_RIGHT, Eyes
from idfsr.synthref.glasses import Glasses, build_glasses, draw_lenses
from idfsr.synthref.hair import Strands, grow_hair, sky_past_hair
from idfsr.synthref.identity import Identity
from idfsr.synthref.illumination import light_in_surroundings
from idfsr.synthref.kernels import (
    raster_sphere,
    raster_triangles,
    vertex_normals,
)
from idfsr.synthref.lighting import Lighting, light_on_vertices
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.microphone import draw_microphone, sample_microphones
from idfsr.synthref.pose import Photo
from idfsr.synthref.shading import (
    Hits,
    Paint,
    Surface,
    shade_pixels,
    shade_strands,
    stack_vertices,
)
from idfsr.synthref.skin import SkinTexture, paint_skin
from idfsr.synthref.subdivide import interpolate
from idfsr.synthref.texture import smooth_step
from idfsr.synthref.wind import blow

SUPERSAMPLING = 2
RELIEF = 0.6
IRIS_RADIUS = 0.44
"""Of an iris of scale 1, over the eyeball's."""
EYE_RADIUS = 0.975
"""Of the sphere that is drawn, over the eyeball's, lest it come through thin lids."""
WHITE = 0.6
"""Brightness of the sclera."""
LIGHT_FROM_SKIN = 0.65
"""Share of the light on eyes and teeth that comes from the skin around them."""
TEETH_PARTS = (1, 2)
"""Indices into `mesh.PARTS`."""
TEETH_DEPTHS = (1.4, 1.28)
"""z at rest from which on teeth are darker, and where they are dark."""
TEETH = (232, 224, 208)
INNER_LIPS = ((0.0, 6.608, 1.553), (0.0, 6.601, 1.54))
"""Rest positions of the middle of the lips where they meet."""
OPEN_LIPS = 0.07
"""Gap between them from which on the teeth have all the light."""
LASH_COLOR = (14, 10, 9)
LASH_OPACITY = 0.85
LASHES_PER_CHAIN = 4
LASH_GAP = 0.08
"""Chains of lashes that are further apart are not neighbours."""
LOWER_LASHES = 0.4
"""Length of lower lashes over that of upper ones."""
YOUNG_FURROWS = 0.12
"""Depth of an expression's furrows in skin without wrinkles, over that in the most wrinkled."""
MARKED_SKIN = 0.5
"""Least z of skin with a mark, in rest coordinates."""
MARK_SEEN = 0.5
"""Least cosine between the skin's normal and the view at which a mark on it can be seen."""
BRIGHTEST = 4.0
"""Linear light beyond is cut before pixels are averaged, so that highlights keep soft edges."""


@dataclass(frozen=True)
class PreparedPerson:
    """What all images of a person share."""

    person: Identity
    coarse: Float[np.ndarray, "V 3"]
    neutral: Float[np.ndarray, "N 3"]
    """`coarse` after subdivision."""
    skin: SkinTexture
    strands: Strands
    glasses: Glasses
    sunglasses: Glasses
    texels: Float[np.ndarray, "N 2"]
    inside_mouth: Float[np.ndarray, " N"]
    """1 on the lining of the mouth and on the back teeth, where no light comes."""
    occlusion: Float[np.ndarray, " N"]
    """Free share of the sky, with the hair in place."""


def express(
    head: HeadModel, coarse: Float[np.ndarray, "V 3"], person: Identity, photo: Photo
) -> Float[np.ndarray, "N 3"]:
    """Return the vertices of a person's head with the expression of an image."""
    weights = unit_weights(photo.expression, photo.strength, person.mixture, head.target_names)
    return interpolate(head.refine, coarse + head.expression(weights) if weights else coarse)


def _inside_mouth(head: HeadModel) -> Float[np.ndarray, " N"]:
    teeth = np.unique(head.triangles[np.isin(head.parts, TEETH_PARTS)])
    inside = head.inside_mouth.copy()
    inside[teeth] = smooth_step(*TEETH_DEPTHS, head.rest[teeth, 2])
    return inside


def prepare_person(head: HeadModel, person: Identity) -> PreparedPerson:
    """Build the shape, paint the skin, grow the hair."""
    coarse = head.base + head.displacement(person.shape)
    neutral = interpolate(head.refine, coarse)
    strands = grow_hair(head, person, neutral)
    normals = vertex_normals(neutral.astype(np.float32), head.triangles)
    return PreparedPerson(
        person=person,
        coarse=coarse,
        neutral=neutral,
        skin=paint_skin(head, person),
        strands=strands,
        glasses=build_glasses(head, person, neutral, dark=False),
        sunglasses=build_glasses(head, person, neutral, dark=True),
        texels=texture_coordinates(head.rest),
        inside_mouth=_inside_mouth(head),
        occlusion=(head.occlusion * sky_past_hair(strands, neutral, normals)).astype(np.float32),
    )


def _place_eyes(
    head: HeadModel, person: Identity, camera: Camera, vertices: np.ndarray, photo: Photo
) -> Eyes:
    places, frames = [], []
    for eye in head.eyes:
        ball = vertices[eye]
        centre = (ball.max(axis=0) + ball.min(axis=0)) / 2
        radius = EYE_RADIUS * float(np.linalg.norm(ball - centre, axis=1).mean())
        place = camera.to_camera(centre[None])
        screen = camera.to_screen(place)[0]
        size = radius * float(camera.pixels_per_unit(place)[0])
        places.append([screen[0], screen[1], size, *place[0], screen[2]])
        ahead = np.array([photo.gaze[0], photo.gaze[1], 1.0])
        gaze = camera.turn @ (ahead / np.linalg.norm(ahead))
        gaze = gaze / np.linalg.norm(gaze)
        right = np.cross([0, 1, 0], gaze)
        right /= np.linalg.norm(right)
        frames.append([gaze, right, np.cross(gaze, right)])
    size = IRIS_RADIUS * person.iris_scale
    white = WHITE * _light_from_skin(person)
    return Eyes(
        np.array(places),
        np.array(frames),
        _light_from_skin(person) * to_linear(person.iris),
        white,
        size,
    )


def _lash_strands(head: HeadModel, vertices: np.ndarray, lashes: float) -> np.ndarray:
    """Return lashes as strands, several for each chain of vertices."""
    chains = vertices[head.lashes]
    lower = chains[:, -1, 1] < chains[:, 0, 1]
    length = (0.35 + 0.65 * lashes) * np.where(lower, LOWER_LASHES, 1.0)[:, None, None]
    chains = chains[:, :1] + length * (chains - chains[:, :1])
    order = np.lexsort((chains[:, 0, 0], chains[:, 0, 1] > chains[:, -1, 1], chains[:, 0, 0] > 0))
    chains = chains[order]
    step = np.linspace(0, 1, LASHES_PER_CHAIN, endpoint=False)[:, None, None, None]
    between = chains[None, :-1] + step * (chains[None, 1:] - chains[None, :-1])
    near = np.linalg.norm(chains[1:, 0] - chains[:-1, 0], axis=1) < LASH_GAP
    return np.asarray(between[:, near].reshape(-1, chains.shape[1], 3))


def _light_from_skin(person: Identity) -> float:
    """Return the share of the light that eyes and teeth get within a face of its colour."""
    return 1 - LIGHT_FROM_SKIN * (1 - float(to_linear(person.skin.color)[0]))


def _light_in_mouth(head: HeadModel, vertices: Float[np.ndarray, "N 3"]) -> float:
    """Return the share of the light that falls between the lips: little where they all but meet."""
    upper, lower = (
        vertices[np.linalg.norm(head.rest - place, axis=1).argmin()] for place in INNER_LIPS
    )
    return float(np.interp(upper[1] - lower[1], (0.02, OPEN_LIPS), (0.12, 1.0)))


def _draw_head(
    head: HeadModel,
    prepared: PreparedPerson,
    photo: Photo,
    camera: Camera,
    vertices: np.ndarray,
    lighting: Lighting,
    canvas: Canvas,
) -> None:
    position = camera.to_camera(vertices)
    raster_triangles(
        camera.to_screen(position), head.triangles, canvas.depth, canvas.face_ids, canvas.weights
    )
    eyes = _place_eyes(head, prepared.person, camera, vertices, photo)
    for face_id, place in zip((EYE_LEFT, EYE_RIGHT), eyes.places, strict=True):
        raster_sphere(place[[0, 1, 6]], place[2], face_id, canvas.depth, canvas.face_ids)
    teeth = to_linear(np.array(TEETH, np.float64)) * _light_from_skin(prepared.person)
    teeth *= _light_in_mouth(head, vertices)
    slopes = prepared.skin.slopes
    furrows = photo.strength * np.array(FURROWS[photo.expression], np.float32)
    share = YOUNG_FURROWS + (1 - YOUNG_FURROWS) * prepared.person.skin.wrinkles
    for depth, deep in zip(furrows, prepared.skin.wrinkle_slopes, strict=True):
        if depth > 0:
            slopes = slopes + share * depth * deep
    vertices = stack_vertices(
        position,
        vertex_normals(position, head.triangles),
        prepared.texels,
        prepared.inside_mouth,
        prepared.occlusion,
        light_on_vertices(position, lighting),
    )
    surface = Surface(head.triangles, head.parts, vertices)
    paint = Paint(prepared.skin.layers, slopes, RELIEF, teeth)
    shade_pixels(
        Hits(canvas.face_ids, canvas.weights),
        surface,
        paint,
        eyes,
        lighting,
        photo.distance,
        canvas.image,
    )


def render_linear(
    head: HeadModel, prepared: PreparedPerson, photo: Photo, size: int
) -> tuple[Canvas, Float[np.ndarray, "5 2"]]:
    """Draw head, hair, lashes, glasses and microphones without the background.

    Returns:
        The canvas in linear light, and the landmarks in its pixels.
    """
    person = prepared.person
    vertices = express(head, prepared.coarse, person, photo)
    camera = Camera(head, vertices, photo, size)
    moved = (vertices - prepared.neutral)[prepared.strands.roots]
    blown = blow(prepared.strands.points, photo.seed, windy=photo.windy)
    hair = camera.to_camera(blown + moved[:, None])
    position = camera.to_camera(vertices)
    lighting = cast_light(photo.light, camera, head.triangles, position, hair)
    canvas = Canvas(size)
    _draw_head(head, prepared, photo, camera, vertices, lighting, canvas)
    lashes = camera.to_camera(_lash_strands(head, vertices, person.lashes))
    lash_widths = np.full(len(lashes), 0.004 + 0.003 * person.lashes)
    lash_color = np.array(LASH_COLOR, np.float64)
    glasses = prepared.sunglasses if photo.sunglasses else prepared.glasses
    frames = camera.to_camera(glasses.strands)
    strands = prepared.strands
    lash_fade = np.linspace(LASH_OPACITY, 0.4 * LASH_OPACITY, lashes.shape[1])
    parts = (
        (hair, strands.widths, strands.colors, strands.depths, strands.opacities),
        (
            lashes,
            lash_widths,
            _repeat(lash_color, lashes),
            np.ones(len(lashes)),
            np.tile(lash_fade, (len(lashes), 1)),
        ),
        (
            frames,
            glasses.widths,
            _repeat(person.glasses_color, frames),
            np.ones(len(frames)),
            np.ones(frames.shape[:2]),
        ),
    )
    for points, widths, colors, depths, opacities in parts:
        lit = np.empty((*points.shape[:2], 4), np.float32)
        lit[..., 3] = opacities
        shade_strands(points, colors, depths, camera.distance, lighting, lit)
        if points is frames:
            draw_lenses(canvas, camera, glasses, photo.light)
        canvas.draw_strands(camera, points, widths, lit)
    for microphone in sample_microphones(photo.seed, photo.num_microphones):
        draw_microphone(canvas, camera, microphone, photo.light)
    return canvas, camera.landmarks


def _repeat(color: np.ndarray, strands: np.ndarray) -> np.ndarray:
    """Return one sRGB colour for all strands, in linear light."""
    return np.tile(to_linear(color), (len(strands), 1))


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
    background = paint_background(rng, photo.surroundings, size)
    photo = replace(photo, light=light_in_surroundings(photo.light, background))
    background = background * photo.light.background.astype(np.float32)
    canvas, landmarks = render_linear(head, prepared, photo, size * SUPERSAMPLING)
    front = cv2.resize(
        np.minimum(canvas.image, BRIGHTEST), (size, size), interpolation=cv2.INTER_AREA
    )
    image = front[..., :3] + (1 - front[..., 3:]) * background
    return develop(image, photo.development, rng), (landmarks / SUPERSAMPLING).astype(np.float32)


def find_mark(
    head: HeadModel, prepared: PreparedPerson, photo: Photo, size: int
) -> Float[np.ndarray, "2"] | None:
    """Return where the person's large mark is in an image, as (x, y) in pixels.

    Nothing is drawn: hair, glasses or a beard may lie over it.

    Returns:
        None where the person has none, or where it is turned away from the viewer.
    """
    if prepared.skin.mark is None:
        return None
    vertices = express(head, prepared.coarse, prepared.person, photo)
    camera = Camera(head, vertices, photo, size)
    away = np.linalg.norm(head.rest[:, :2] - prepared.skin.mark, axis=1)
    away[head.rest[:, 2] < MARKED_SKIN] = np.inf
    vertex = int(away.argmin())
    position = camera.to_camera(vertices)
    if vertex_normals(position, head.triangles)[vertex, 2] < MARK_SEEN:
        return None
    return np.asarray(camera.to_screen(position[vertex : vertex + 1])[0, :2])
