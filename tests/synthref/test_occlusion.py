"""What hides a part of a face: lenses, microphones, hair that blows."""

import dataclasses

import numpy as np
import pytest

from idfsr.synthref.camera import Camera
from idfsr.synthref.canvas import Canvas
from idfsr.synthref.glasses import Glasses, build_glasses, draw_lenses
from idfsr.synthref.identity import sample_identity
from idfsr.synthref.illumination import even_light
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.microphone import draw_microphone, sample_microphones
from idfsr.synthref.pose import Photo, neutral_photo, sample_photo
from idfsr.synthref.subdivide import interpolate
from idfsr.synthref.wind import blow

SIZE = 128


def white(size: int) -> Canvas:
    canvas = Canvas(size)
    canvas.image[:] = 1
    return canvas


@pytest.fixture(scope="module")
def neutral(head: HeadModel) -> np.ndarray:
    person = sample_identity("demo", 0, 1, head.target_names)
    return np.asarray(interpolate(head.refine, head.base + head.displacement(person.shape)))


@pytest.fixture(scope="module")
def sunglasses(head: HeadModel, neutral: np.ndarray) -> Glasses:
    person = sample_identity("demo", 0, 1, head.target_names)
    return build_glasses(head, person, neutral, dark=True)


def test_dark_lenses_cover_the_eyes_and_nothing_else(
    head: HeadModel, neutral: np.ndarray, sunglasses: Glasses
) -> None:
    camera, canvas = Camera(head, neutral, neutral_photo(), SIZE), white(SIZE)
    draw_lenses(canvas, camera, sunglasses, even_light())
    shade = canvas.image[..., 0]
    for x, y in camera.landmarks[:2]:
        # What passes, and what the lens mirrors of a white world.
        assert shade[int(y), int(x)] == pytest.approx(sunglasses.clear, abs=0.35)
        assert shade[int(y), int(x)] < 0.7
    for x, y in camera.landmarks[2:]:
        assert shade[int(y), int(x)] == 1
    assert 0.02 < (shade < 1).mean() < 0.2


def test_lenses_are_hidden_by_what_is_nearer(
    head: HeadModel, neutral: np.ndarray, sunglasses: Glasses
) -> None:
    camera, canvas = Camera(head, neutral, neutral_photo(), SIZE), white(SIZE)
    canvas.depth[:] = 1e6
    draw_lenses(canvas, camera, sunglasses, even_light())
    assert (canvas.image == 1).all()


def photos(count: int) -> list[Photo]:
    return [sample_photo("demo", 0, 1, number) for number in range(count)]


def test_microphones_leave_eyes_and_nose_free(head: HeadModel, neutral: np.ndarray) -> None:
    shown = 0
    for photo in photos(40):
        camera, canvas = Camera(head, neutral, photo, SIZE), white(SIZE)
        (microphone,) = sample_microphones(photo.seed, 1)
        draw_microphone(canvas, camera, microphone, even_light())
        changed = (canvas.image[..., :3] != 1).any(axis=-1)
        for x, y in camera.landmarks[:3]:
            assert not changed[int(y), int(x)]
        assert not changed[: SIZE // 2].any()
        shown += changed.any()
    assert shown > 30


def test_a_microphone_is_lit_from_its_light(head: HeadModel, neutral: np.ndarray) -> None:
    camera, canvas = Camera(head, neutral, neutral_photo(), SIZE), Canvas(SIZE)
    (microphone,) = sample_microphones(3, 1)
    microphone = dataclasses.replace(microphone, metal=False, color=np.full(3, 0.5))
    draw_microphone(canvas, camera, microphone, even_light())
    x, y, _ = camera.to_screen(microphone.place[None].astype(np.float32))[0]
    assert canvas.image[int(y), int(x), 3] == pytest.approx(1, abs=1e-3)
    assert canvas.image[int(y), int(x), 0] == pytest.approx(0.5, abs=0.05)


def test_wind_leaves_the_roots_and_moves_the_tips_the_most() -> None:
    points = np.zeros((500, 8, 3))
    points[:, :, 0] = np.random.default_rng(0).uniform(-1, 1, (500, 1))
    points[:, :, 1] = -np.linspace(0, 1, 8)
    calm, windy = (blow(points, 1, windy=windy) - points for windy in (False, True))
    assert np.abs(windy[:, 0]).max() == 0
    moved = np.linalg.norm(windy, axis=-1).mean(axis=0)
    assert (np.diff(moved) > 0).all()
    assert np.linalg.norm(calm[:, -1], axis=-1).mean() < moved[-1]
    np.testing.assert_array_equal(blow(points, 1, windy=True), points + windy)
    assert blow(points[:0], 1, windy=True).shape == (0, 8, 3)
