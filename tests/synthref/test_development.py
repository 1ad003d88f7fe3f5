import dataclasses

import numpy as np
import pytest

from idfsr.synthref.color import black_body, light_color, to_srgb
from idfsr.synthref.development import (
    BRIGHTEST,
    develop,
    expose,
    neutral_development,
    publish,
    render_tones,
    s_curve,
    sample_development,
)

SIZE = 256
PLAIN = neutral_development()


def flat(level: float) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), level, np.float32)


def test_neutral_development_shows_light_as_srgb() -> None:
    scene = np.random.default_rng(0).uniform(0, 1, (32, 32, 3)).astype(np.float32)
    picture = develop(scene, PLAIN, np.random.default_rng(0))
    assert np.abs(picture - to_srgb(scene)).max() < 0.51


@pytest.mark.parametrize("level", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("grain", [0.0, 0.7])
def test_variance_of_the_noise_is_linear_in_the_light(level: float, grain: float) -> None:
    noisy = dataclasses.replace(PLAIN, shot_noise=4e-4, read_noise=5e-3, grain=grain)
    light = expose(flat(level), noisy, np.random.default_rng(1))
    assert light.mean() == pytest.approx(level, abs=2e-3)
    assert light.var() == pytest.approx(4e-4 * level + 25e-6, rel=0.05)


def test_grain_correlates_the_noise_of_neighbours() -> None:
    def correlation(grain: float) -> float:
        noisy = dataclasses.replace(PLAIN, shot_noise=1e-3, grain=grain)
        light = expose(flat(0.5), noisy, np.random.default_rng(2))[..., 0]
        return float(np.corrcoef(light[:, 1:].ravel(), light[:, :-1].ravel())[0, 1])

    assert abs(correlation(0.0)) < 0.02
    assert correlation(0.7) > 0.5


def test_white_balance_makes_the_light_neutral() -> None:
    lamp = light_color(black_body(3200.0))
    balanced = dataclasses.replace(PLAIN, white=lamp)
    light = expose((0.4 * lamp * flat(1.0)).astype(np.float32), balanced, np.random.default_rng(0))
    np.testing.assert_allclose(light, 0.4, atol=1e-6)


def test_noise_is_strongest_in_the_channel_that_the_lamp_has_little_of() -> None:
    lamp = light_color(black_body(2800.0))
    noisy = dataclasses.replace(PLAIN, white=lamp, shot_noise=1e-4)
    light = expose((0.4 * lamp * flat(1.0)).astype(np.float32), noisy, np.random.default_rng(0))
    red, green, blue = light.std(axis=(0, 1))
    assert blue > green > red


def test_a_point_is_spread_as_far_as_stated() -> None:
    scene = flat(0.0)
    scene[128, 128] = 1
    places = np.arange(SIZE) - 128
    blurred = expose(scene, dataclasses.replace(PLAIN, defocus=2.0), np.random.default_rng(0))
    row = blurred[..., 0].sum(axis=0)
    assert row.sum() == pytest.approx(1, abs=1e-3)
    assert np.sqrt((row * places**2).sum()) == pytest.approx(2, rel=0.03)
    moving = dataclasses.replace(PLAIN, motion=np.array([12.0, 0.0]))
    moved = expose(scene, moving, np.random.default_rng(0))[..., 0]
    assert moved[128, 122:135].sum() == pytest.approx(1, abs=1e-3)
    assert moved[127].sum() == pytest.approx(0, abs=1e-3)


def test_s_curve_keeps_the_ends_and_steepens_the_middle() -> None:
    values = np.linspace(0, 1, 101)
    curve = s_curve(values, 4.0, 0.5)
    np.testing.assert_allclose(curve[[0, 50, 100]], [0, 0.5, 1], atol=1e-9)
    assert np.diff(curve).argmax() in (49, 50)
    assert (np.diff(curve) > 0).all()
    np.testing.assert_array_equal(s_curve(values, 0.0, 0.5), values)


def test_highlights_roll_off_and_stay_below_white() -> None:
    rolled = dataclasses.replace(PLAIN, shoulder=0.6)
    ramp = np.linspace(0, 3, 64, dtype=np.float32)[None, :, None] * np.ones((1, 1, 3), np.float32)
    tones = render_tones(ramp, rolled)[0, :, 0]
    assert (np.diff(tones) >= 0).all()
    assert 0.95 < tones[-1] < 1
    clipped = render_tones(ramp, PLAIN)[0, :, 0]
    assert (clipped[ramp[0, :, 0] > 1.01] > 0.999).all()


def test_monochrome_has_no_color() -> None:
    scene = np.random.default_rng(3).uniform(0, 1, (16, 16, 3)).astype(np.float32)
    picture = render_tones(scene, dataclasses.replace(PLAIN, monochrome=True))
    np.testing.assert_allclose(picture, picture[..., :1].repeat(3, axis=-1), atol=1e-6)


def test_sharpening_leaves_halos() -> None:
    edge = np.full((64, 64, 3), 0.3, np.float32)
    edge[:, 32:] = 0.7
    picture = publish(edge, dataclasses.replace(PLAIN, sharpening=0.8, sharpening_radius=4.0))
    assert picture.min() < 0.3 * 255 - 5
    assert picture.max() > 0.7 * 255 + 5


def test_subsampling_and_quality_cost_what_they_say() -> None:
    scene = np.random.default_rng(4).uniform(0, 1, (64, 64, 3)).astype(np.float32)

    def error(quality: int, *, halves_color: bool) -> float:
        made = dataclasses.replace(PLAIN, jpeg_quality=quality, jpeg_halves_color=halves_color)
        return float(np.abs(publish(scene, made) - 255 * scene).mean())

    assert error(101, halves_color=True) < 0.3
    assert error(95, halves_color=False) < error(60, halves_color=False)
    assert error(95, halves_color=False) < error(95, halves_color=True)


def test_the_meter_brightens_dark_faces_in_part() -> None:
    metered = dataclasses.replace(PLAIN, metering=0.5)
    dark = expose(flat(0.15), metered, np.random.default_rng(0))
    middle = expose(flat(0.3), metered, np.random.default_rng(0))
    np.testing.assert_allclose(dark, 0.15 * 2**0.5, rtol=1e-5)
    np.testing.assert_allclose(middle, 0.3, rtol=1e-5)


def test_the_meter_keeps_bright_faces_from_burning_out() -> None:
    metered = dataclasses.replace(PLAIN, metering=0.1)
    bright = expose(flat(1.5), metered, np.random.default_rng(0))
    np.testing.assert_allclose(bright, BRIGHTEST, rtol=1e-5)
    as_it_is = expose(flat(1.5), PLAIN, np.random.default_rng(0))
    np.testing.assert_allclose(as_it_is, 1.5)


def test_white_leans_to_rosy_skin() -> None:
    rng = np.random.default_rng(0)
    whites = np.stack([sample_development(rng, np.ones(3)).white for _ in range(400)])
    grey = 1 / np.median(whites, axis=0)  # as grey is shown
    assert grey[0] > grey[2]
    assert grey[0] > grey[1]


def test_most_developments_are_good_photographs() -> None:
    rng = np.random.default_rng(5)
    drawn = [sample_development(rng, np.ones(3)) for _ in range(1000)]
    exposure = np.log2([one.exposure for one in drawn])
    assert abs(np.median(exposure)) < 0.4
    assert np.mean(np.abs(exposure - np.median(exposure)) < 0.7) > 0.9
    assert min(one.jpeg_quality for one in drawn) >= 50
    assert max(one.jpeg_quality for one in drawn) <= 95
    assert 0.01 < np.mean([one.monochrome for one in drawn]) < 0.05
    assert 0.4 < np.mean([one.jpeg_halves_color for one in drawn]) < 0.8
