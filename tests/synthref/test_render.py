import dataclasses

import numpy as np
import pytest

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.synthref.camera import Camera
from idfsr.synthref.color import to_linear, to_srgb
from idfsr.synthref.development import neutral_development
from idfsr.synthref.expression import EXPRESSIONS, unit_weights
from idfsr.synthref.identity import sample_identity
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.pose import Photo, neutral_photo, sample_photo
from idfsr.synthref.render import PreparedPerson, find_mark, prepare_person, render_image
from idfsr.synthref.subdivide import interpolate

SIZE = 96


def plain(photo: Photo, expression: str = "neutral") -> Photo:
    return dataclasses.replace(
        photo, expression=expression, strength=1.0, yaw=0.0, pitch=0.0, roll=0.0, scale=1.0,
        shift=np.zeros(2), development=neutral_development(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def people(head: HeadModel) -> list[PreparedPerson]:
    return [
        prepare_person(head, sample_identity("demo", 0, number, head.target_names))
        for number in (1, 2, 3)
    ]


def test_landmarks_stand_at_the_template(head: HeadModel, people: list[PreparedPerson]) -> None:
    for image in range(4):
        photo = sample_photo("demo", 0, 1, image)
        pixels, landmarks = render_image(head, people[0], photo, SIZE)
        assert pixels.shape == (SIZE, SIZE, 3)
        assert landmarks.min() > 0
        assert landmarks.max() < SIZE
        template = np.array(FFHQ_LANDMARKS_512) * (SIZE / 512)
        eyes = template[1, 0] - template[0, 0]
        assert np.abs(landmarks - template).max() < 0.45 * eyes
        assert landmarks[0, 0] < landmarks[1, 0]
        assert landmarks[3, 0] < landmarks[4, 0]


def test_convention_yaw_and_pitch(head: HeadModel, people: list[PreparedPerson]) -> None:
    photo = plain(sample_photo("demo", 0, 1, 0))

    def nose(turned: Photo) -> np.ndarray:
        points = Camera(head, people[0].neutral, turned, SIZE).landmarks
        middle = (points[0] + points[1] + points[3] + points[4]) / 4
        return np.asarray(points[2] - middle)

    assert nose(dataclasses.replace(photo, yaw=25.0))[0] > nose(photo)[0] + 3  # viewer's right
    assert nose(dataclasses.replace(photo, pitch=15.0))[1] > nose(photo)[1] + 1  # down


def test_roll_turns_clockwise(head: HeadModel, people: list[PreparedPerson]) -> None:
    photo = dataclasses.replace(plain(sample_photo("demo", 0, 1, 0)), roll=10.0)
    left, right = Camera(head, people[0].neutral, photo, SIZE).landmarks[:2]
    angle = np.degrees(np.arctan2(right[1] - left[1], right[0] - left[0]))
    assert angle == pytest.approx(10, abs=3)


def moved(head: HeadModel, prepared: PreparedPerson, expression: str) -> np.ndarray:
    weights = unit_weights(expression, 1.0, prepared.person.mixture, head.target_names)
    return interpolate(head.refine, prepared.coarse + head.expression(weights)) - prepared.neutral


def test_expressions_move_mouth_and_brows(head: HeadModel, people: list[PreparedPerson]) -> None:
    rest = head.rest
    corner = head.landmarks[4, 0]
    brow = np.argmin(np.linalg.norm(rest - [0.15, 7.45, 1.5], axis=1))
    middle_of_brow = np.argmin(np.linalg.norm(rest - [0.33, 7.5, 1.4], axis=1))
    lower_lip = np.argmin(np.linalg.norm(rest - [0.0, 6.55, 1.57], axis=1))
    up = {name: moved(head, people[0], name)[:, 1] for name in EXPRESSIONS}
    assert up["happy"][corner] > 0.02
    assert up["sad"][corner] < -0.02
    assert up["angry"][brow] < -0.02
    assert up["surprise"][middle_of_brow] > 0.02
    assert up["surprise"][lower_lip] < -0.1
    assert up["sad"][brow] > 0.01
    assert 0 < up["neutral"][corner] < 0.4 * up["happy"][corner]


def test_upper_teeth_stay_when_the_mouth_opens(
    head: HeadModel, people: list[PreparedPerson]
) -> None:
    change = moved(head, people[0], "surprise")
    assert np.ptp(change[head.upper_teeth, 1]) < 1e-5
    assert change[head.lower_jaw, 1].max() < -0.05


def test_neutral_photo_shows_paint_as_it_is(head: HeadModel, people: list[PreparedPerson]) -> None:
    layers = np.zeros_like(people[0].skin.layers)
    layers[..., :3] = (0.5, 0.3, 0.2)
    for person in people:
        slopes = np.zeros_like(person.skin.slopes)
        painted = dataclasses.replace(
            person, skin=dataclasses.replace(person.skin, layers=layers, slopes=slopes)
        )
        pixels, landmarks = render_image(head, painted, neutral_photo(), SIZE)
        eye, mouth = landmarks[0], landmarks[3]
        x, y = int(eye[0]), int(0.4 * eye[1] + 0.6 * mouth[1])
        cheek = np.median(pixels[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3), axis=0)
        np.testing.assert_allclose(cheek, to_srgb(np.array([0.5, 0.3, 0.2])), atol=6)


def test_people_differ_more_than_images_of_one(
    head: HeadModel, people: list[PreparedPerson]
) -> None:
    # The same background, pose and light, so that only the person or the expression differs.
    photo = plain(sample_photo("demo", 0, 1, 0))
    smile = plain(sample_photo("demo", 0, 1, 0), "happy")
    neutral = [render_image(head, person, photo, SIZE)[0].astype(float) for person in people]
    happy = [render_image(head, person, smile, SIZE)[0].astype(float) for person in people]
    within = max(np.abs(a - b).mean() for a, b in zip(neutral, happy, strict=True))
    between = min(np.abs(neutral[i] - neutral[j]).mean() for i, j in ((0, 1), (0, 2), (1, 2)))
    assert between > 1.3 * within


def test_color_there_and_back() -> None:
    values = np.array([0.0, 8.0, 128.0, 255.0])
    np.testing.assert_allclose(to_srgb(to_linear(values)), values, atol=1e-3)
    assert to_linear(np.array([128.0]))[0] == pytest.approx(0.2158605, abs=1e-6)


def test_mark_is_where_the_skin_is_darker(head: HeadModel, people: list[PreparedPerson]) -> None:
    person = people[1]  # who has a mole on the cheek
    photo = neutral_photo()
    pixels, _ = render_image(head, person, photo, 128)
    place = find_mark(head, person, photo, 128)
    assert place is not None
    column, row = np.floor(place).astype(int)
    around = pixels[row - 5 : row + 6, column - 5 : column + 6].astype(float).mean(axis=2)
    assert around[4:7, 4:7].min() < np.median(around) - 8
    turned = dataclasses.replace(photo, yaw=90.0 if place[0] > 64 else -90.0)
    assert find_mark(head, person, turned, 128) is None
    bare = dataclasses.replace(person, skin=dataclasses.replace(person.skin, mark=None))
    assert find_mark(head, bare, photo, 128) is None
