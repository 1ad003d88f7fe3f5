import numpy as np
import pytest

from idfsr.synthref.background import KINDS, paint_background
from idfsr.synthref.canvas import light_rows
from idfsr.synthref.color import LUMINANCE, black_body, daylight, light_color
from idfsr.synthref.illumination import (
    DIRECTIONS,
    SOLID_ANGLES,
    basis,
    draw_place,
    even_light,
    light_on_face,
    metered,
    paint_environment,
    project,
)
from idfsr.synthref.lighting import environment_light
from idfsr.synthref.places import PLACE_SHARES, PLACES


def normals(count: int) -> np.ndarray:
    drawn = np.random.default_rng(0).standard_normal((count, 3))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def brute_force(environment: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Sum radiance times cosine over the sphere, over pi."""
    cosine = np.maximum(DIRECTIONS @ normal, 0) * SOLID_ANGLES
    return np.asarray(np.einsum("rc,rcd->d", cosine, environment) / np.pi)


@pytest.mark.parametrize(
    ("found", "published"),
    [
        (black_body(2855.5), (0.44757, 0.40745)),  # CIE illuminant A
        (black_body(6500.0), (0.31352, 0.32363)),
        (daylight(5003.0), (0.34567, 0.35850)),  # D50
        (daylight(6504.0), (0.31271, 0.32902)),  # D65
        (daylight(7504.0), (0.29902, 0.31485)),  # D75
    ],
)
def test_chromaticities_are_the_published_ones(
    found: tuple[float, float], published: tuple[float, float]
) -> None:
    assert found == pytest.approx(published, abs=4e-4)


def test_daylight_of_6504_kelvin_is_white() -> None:
    np.testing.assert_allclose(light_color(daylight(6504.0)), 1, atol=2e-3)


def test_lamps_are_red_and_skies_blue() -> None:
    lamp, sky = light_color(black_body(2800.0)), light_color(daylight(9000.0))
    assert lamp[0] > 1.5
    assert lamp[2] < 0.5
    assert sky[2] > 1.2
    assert sky[0] < 1
    assert lamp @ np.array(LUMINANCE) == pytest.approx(1)


def test_light_of_a_smooth_environment_is_its_integral() -> None:
    coefficients = np.random.default_rng(1).uniform(-0.3, 0.3, (9, 3))
    coefficients[0] = 1
    environment = basis(DIRECTIONS) @ coefficients
    for normal in normals(20):
        expected = brute_force(environment, normal)
        np.testing.assert_allclose(basis(normal) @ project(environment), expected, atol=0.02)


def test_light_of_painted_environments_is_near_their_integral() -> None:
    errors = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        environment = paint_environment(rng, np.ones(3), 1.0, 3)
        coefficients = project(environment)
        for normal in normals(20):
            expected = brute_force(environment, normal)
            errors.append(np.abs(basis(normal) @ coefficients / expected - 1).max())
    assert np.mean(errors) < 0.03
    assert max(errors) < 0.25


def test_white_under_an_even_environment_is_white() -> None:
    light = even_light()
    np.testing.assert_allclose(basis(normals(10)) @ project(light.environment), 1, atol=0.01)
    np.testing.assert_allclose(light_on_face(light), 1, atol=0.01)


def test_compiled_light_is_that_of_the_table() -> None:
    light, _ = draw_place(np.random.default_rng(3))
    rows = light_rows(light, np.array([0.0, 1.0, 0.0]))
    for normal in normals(10):
        expected = np.maximum(basis(normal) @ project(light.environment), 0)
        found = [environment_light(*normal, rows, channel) for channel in range(3)]
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_faces_get_the_same_light_everywhere() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        light, kind = draw_place(rng)
        assert metered(light) == pytest.approx(1)
        assert light.environment.min() >= 0
        assert kind in KINDS


def test_places_name_known_backgrounds_and_shares_sum_to_one() -> None:
    assert sum(PLACE_SHARES) == pytest.approx(1)
    assert len(PLACE_SHARES) == len(PLACES)
    for place in PLACES.values():
        assert set(place.surroundings) <= set(KINDS)
        assert sum(place.surroundings.values()) == pytest.approx(1)
    assert {kind for place in PLACES.values() for kind in place.surroundings} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_backgrounds_are_light_and_repeat(kind: str) -> None:
    first, again, other = (
        paint_background(np.random.default_rng(seed), kind, 64) for seed in (5, 5, 6)
    )
    assert first.shape == (64, 64, 3)
    assert first.min() >= 0
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 1e-3
