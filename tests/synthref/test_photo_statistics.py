"""Pictures of rendered people have the statistics of photographs."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from idfsr.config.synthref import SynthrefConfig
from idfsr.synthref.dataset import render_dataset

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/photo_statistics.py"
PEOPLE = ["00001", "00002", "00003", "00004"]
BOUNDS = {
    "a*": 2.8,
    "b*": 3.0,
    "local contrast, L*": 1.8,
    "slope of the spectrum": 0.45,
    "log10 power of fine detail": 0.25,
}
"""Largest distances. Lightness is no measure: the people in the photographs are light-skinned, the
renders have all tones."""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("photo_statistics", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def picture(script: ModuleType, rgb: np.ndarray, person: str = "00001") -> object:
    return script.Picture(person, rgb.astype(np.uint8), np.ones(rgb.shape[:2], bool))


def test_slope_of_noise_with_a_known_spectrum(script: ModuleType) -> None:
    rng = np.random.default_rng(0)
    size = 256
    frequency = np.fft.fftfreq(size)
    radius = np.hypot(frequency[:, None], frequency)
    radius[0, 0] = 1
    waves = np.fft.fft2(rng.standard_normal((size, size))) / radius**1.25
    field = np.fft.ifft2(waves).real
    grey = np.clip(128 + 25 * (field - field.mean()) / field.std(), 0, 255)
    slope = script.spectrum_slope(picture(script, grey[..., None].repeat(3, axis=-1)))
    assert slope[0] == pytest.approx(-2.5, abs=0.2)


def test_contrast_and_skin_of_plain_colors(script: ModuleType) -> None:
    plain = picture(script, np.full((64, 64, 3), (200, 150, 120)))
    assert script.local_contrast(plain).max() < 1e-2
    # By hand: linear 0.578, 0.305, 0.188; over the white point 0.401, 0.355, 0.208.
    assert script.skin_lightness(plain).mean() == pytest.approx(66.1, abs=0.2)
    assert script.skin_chroma(plain).mean() == pytest.approx(27.4, abs=0.2)


def test_people_weigh_the_same(script: ModuleType) -> None:
    dark, light = (np.full((64, 64, 3), level) for level in (40, 200))
    pictures = [picture(script, dark)] * 3 + [picture(script, light, "00002")]
    sample = script.measure(pictures, script.STATISTICS["lightness L*"])
    assert sample.weights[sample.values > 50].sum() == pytest.approx(1)
    assert sample.weights.sum() == pytest.approx(2)


@pytest.mark.slow
def test_renders_have_the_statistics_of_photographs(
    script: ModuleType, assets_dir: Path, tmp_path: Path
) -> None:
    folder = os.environ.get("IDFSR_TEST_DATA")
    if not folder:
        pytest.skip("IDFSR_TEST_DATA is not set: no real photographs")
    config = SynthrefConfig(population="training", num_identities=16, num_images=4)
    render_dataset(config, 5, assets_dir, tmp_path, 1)
    renders = script.read_renders(tmp_path)
    photographs = script.read_photographs(Path(folder) / "real-faces", PEOPLE, assets_dir)
    for name, bound in BOUNDS.items():
        real, made = (script.measure(s, script.STATISTICS[name]) for s in (photographs, renders))
        distance = wasserstein_distance(real.values, made.values, real.weights, made.weights)
        assert distance < bound, name
