"""Skin as it is shown: rendered under neutral light, it has the colour of a tone of the scale."""

import dataclasses

import numpy as np
from skimage.color import deltaE_ciede2000

from idfsr.synthref import render
from idfsr.synthref.camera import Camera
from idfsr.synthref.identity import Identity, sample_identity
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.pose import neutral_photo
from idfsr.synthref.tones import MONK_TONES, TONE_SHARES, from_lab, sample_lips, to_lab

SIZE = 128
MONK_LAB = np.stack([to_lab(np.array(tone, np.float64)) for tone in MONK_TONES])


def bare(head: HeadModel) -> np.ndarray:
    """Return the vertices of the cheeks and of the middle of the forehead."""
    x, y, z = np.abs(head.rest[:, 0]), head.rest[:, 1], head.rest[:, 2]
    cheeks = (np.abs(x - 0.38) < 0.12) & (np.abs(y - 6.98) < 0.13)
    forehead = (x < 0.3) & (np.abs(y - 7.7) < 0.06)
    skin = np.isin(np.arange(len(x)), head.triangles[head.parts == 0])
    return np.asarray(np.flatnonzero(skin & (z > 1) & (cheeks | forehead)))


def shown(head: HeadModel, person: Identity) -> np.ndarray:
    """Return the median sRGB of cheeks and forehead in an image without hair and glasses."""
    hair = dataclasses.replace(person.hair, style="bald")
    person = dataclasses.replace(person, hair=hair, glasses="none", beard=0.0, beard_shape="none")
    photo = neutral_photo()
    prepared = render.prepare_person(head, person)
    pixels, _ = render.render_image(head, prepared, photo, SIZE)
    vertices = render.express(head, prepared.coarse, person, photo)
    camera = Camera(head, vertices, photo, SIZE)
    x, y = camera.to_screen(camera.to_camera(vertices[bare(head)]))[:, :2].astype(int).T
    return np.median(pixels[y, x].astype(np.float64), axis=0)


def differences(lab: np.ndarray) -> np.ndarray:
    """Return how far a colour lies from each tone, CIEDE2000."""
    return np.asarray(deltaE_ciede2000(np.broadcast_to(lab, MONK_LAB.shape), MONK_LAB))


def test_skin_is_within_5_of_a_tone(head: HeadModel) -> None:
    people: dict[int, list[Identity]] = {}
    for number in range(1, 200):
        person = sample_identity("demo", 3, number, head.target_names)
        people.setdefault(person.skin.tone, []).append(person)
    assert sorted(people) == list(range(1, 11))
    for tone, group in people.items():
        for person in group[:2]:
            away = differences(to_lab(shown(head, person)))
            assert away.min() < 5, (tone, person.number, away.round(1))
            assert abs(int(away.argmin()) + 1 - tone) <= 1


def test_tone_and_shape_are_independent(head: HeadModel) -> None:
    people = [sample_identity("demo", 0, number, head.target_names) for number in range(1, 801)]
    tones = np.array([person.skin.tone for person in people])
    shares = np.array([person.mixture for person in people])
    for column in shares.T:
        assert abs(np.corrcoef(tones, column)[0, 1]) < 0.1
    found = np.bincount(tones, minlength=11)[1:] / len(tones)
    np.testing.assert_allclose(found, TONE_SHARES, atol=0.04)


def test_lips_are_redder_and_not_brighter_where_skin_is_light() -> None:
    rng = np.random.default_rng(0)
    for tone in MONK_LAB:
        lips = np.mean([to_lab(sample_lips(rng, from_lab(tone), 0.0)) for _ in range(20)], axis=0)
        hue = [np.arctan2(color[2], color[1]) for color in (lips, tone)]
        assert hue[0] < hue[1]
        assert lips[0] < tone[0] + 1.5
        assert lips[0] < tone[0] - 8 or tone[0] < 60
