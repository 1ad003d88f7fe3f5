"""How much a face has, whose it is, where it is: on a photograph, with the networks themselves."""

from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import UInt8
from skimage.data import astronaut

from idfsr.config.landmarks import LandmarksConfig
from idfsr.faces.align import align_arcface
from idfsr.faces.detector import Detections, Detector, load_detector
from idfsr.io.assets import find_asset
from idfsr.io.images import resize
from idfsr.metrics.sface.network import load_sface
from idfsr.photographs.blend import add_inside_mask, blur_to, correct, face_mask, keep_tone
from idfsr.photographs.detail import choose_scale, ffhq_side, measure_side
from idfsr.photographs.likeness import LIKENESS, arcface_side, compare_faces
from idfsr.photographs.search import search_photograph

ASSETS = Path(".assets")
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector(LandmarksConfig(), ASSETS, CPU)


@pytest.fixture(scope="module")
def photograph() -> UInt8[np.ndarray, "512 512 3"]:
    return np.ascontiguousarray(astronaut())


@pytest.fixture(scope="module")
def found(photograph: UInt8[np.ndarray, "512 512 3"], detector: Detector) -> Detections:
    return search_photograph(photograph, detector)


def test_a_face_is_found_once_at_any_size(
    photograph: UInt8[np.ndarray, "512 512 3"], found: Detections, detector: Detector
) -> None:
    """Also where it has 16 of 640 pixels, and where it fills the photograph."""
    assert len(found.scores) == 1
    x0, y0, x1, y1 = found.boxes[0].astype(int)
    side = round(512 * 16 / (y1 - y0))
    scene = np.full((480, 640, 3), 90, np.uint8)
    scene[200 : 200 + side, 300 : 300 + side] = resize(photograph, (side, side), "bicubic")
    small = search_photograph(scene, detector)
    assert len(small.scores) == 1
    np.testing.assert_allclose(
        small.boxes[0, :2], [300 + x0 * side / 512, 200 + y0 * side / 512], atol=3
    )
    assert (
        len(search_photograph(photograph[y0 - 10 : y1 + 10, x0 - 10 : x1 + 10], detector).scores)
        == 1
    )


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_enlarging_adds_no_detail(
    photograph: UInt8[np.ndarray, "512 512 3"], found: Detections, factor: int
) -> None:
    """A photograph made small and large again has as much detail as the small one."""
    side = ffhq_side(found.landmarks[0])
    small = resize(photograph, (512 // factor, 512 // factor), "bicubic")
    blurred = resize(small, (512, 512), "bicubic")
    assert 0.99 < measure_side(blurred, found.landmarks[0]) / (side / factor) < 1.42
    there = found.landmarks[0] / factor
    assert measure_side(small, there) == pytest.approx(side / factor, rel=0.01)


def test_the_scale_throws_nothing_away() -> None:
    sides = [64.0, 18.0, 17.0, 16.0, 9.0, 8.0, 4.0, 2.0]
    assert [choose_scale(side, 64) for side in sides] == [None, None, 4, 4, 4, 8, 16, 32]
    assert choose_scale(64.0, 256) == 4


def test_small_faces_are_compared_like_with_like(
    photograph: UInt8[np.ndarray, "512 512 3"], found: Detections
) -> None:
    find_asset(ASSETS, "sface")
    recogniser = load_sface(ASSETS, CPU)
    large = align_arcface(photograph, found.landmarks[0])
    small = resize(photograph, (64, 64), "bicubic")
    landmarks = (found.landmarks[0] / 8).astype(np.float32)
    crop, side = align_arcface(small, landmarks), arcface_side(landmarks)
    assert side == pytest.approx(arcface_side(found.landmarks[0]) / 8)
    crops = np.stack([crop, large[::-1]])
    likeness = compare_faces(crops, [side, 112.0], large[None], recogniser)
    assert likeness[0] > 0.7
    assert likeness[1] < LIKENESS  # upside down
    assert compare_faces(crops[:1], [112.0], large[None], recogniser)[0] < likeness[0]


def test_a_corrected_face_is_the_photograph_made_small(
    photograph: UInt8[np.ndarray, "512 512 3"],
) -> None:
    crop = resize(photograph[:256, 96:352], (64, 64), "bicubic")
    other = resize(photograph[256:, :256], (64, 64), "bicubic")
    corrected = correct(other, crop, 8)
    difference = blur_to(corrected, 8).astype(int) - blur_to(crop, 8)
    assert np.abs(difference).mean() < 2
    assert np.abs(blur_to(other, 8).astype(int) - blur_to(crop, 8)).mean() > 20


def test_one_tone_stays_one() -> None:
    rng = np.random.default_rng(0)
    luma = rng.random((16, 16), np.float32)[..., None] * 200
    detail = rng.normal(0, 20, (16, 16, 3)).astype(np.float32)
    grey = keep_tone(detail, np.repeat(luma, 3, axis=2), 255.0)
    np.testing.assert_array_equal(grey[..., 0], grey[..., 2])
    brown = np.array([1.0, 0.8, 0.5], np.float32)
    kept = keep_tone(detail, luma * brown, 255.0)
    np.testing.assert_allclose(kept[..., 2], kept[..., 0] / 2, rtol=1e-3, atol=1e-3)
    colours = rng.random((16, 16, 3), np.float32) * 255
    assert keep_tone(detail, colours, 255.0) is detail


def test_mask_is_on_the_face() -> None:
    weights = face_mask(64)
    assert weights[35, 32] == weights[14, 32] == 1
    assert weights[0].max() == weights[-1].max() == weights[:, 0].max() == 0
    assert weights[60, 10] == 0


@pytest.mark.parametrize("turn", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
@pytest.mark.parametrize(("dtype", "channels"), [(np.uint8, 1), (np.uint8, 4), (np.uint16, 1)])
def test_convention_a_layer_lands_where_the_matrix_says(
    turn: float, scale: float, dtype: type[np.generic], channels: int
) -> None:
    """Outside the mask no value changes; the alpha channel nowhere."""
    rng = np.random.default_rng(0)
    canvas = rng.integers(0, np.iinfo(dtype).max // 2, (90, 120, channels)).astype(dtype)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = np.column_stack((linear, [32, 32] - linear @ [70, 40]))
    layer = np.full((64, 64, 3 if channels == 4 else 1), 20, np.float32)
    before = canvas.copy()
    add_inside_mask(canvas, layer, matrix, replace=False)
    columns, rows = np.meshgrid(np.arange(120) + 0.5, np.arange(90) + 0.5)
    u, v = np.tensordot(linear, np.stack([columns, rows]), axes=1) + matrix[:, 2, None, None]
    inside = np.hypot((u - 31.9) / (16.9 * 1.2 + 2), (v - 34.9) / (24.2 * 1.2 + 2)) <= 1
    changed = (canvas != before).any(axis=2)
    assert not changed[~inside].any()
    assert (canvas[40, 70, : layer.shape[2]] == before[40, 70, : layer.shape[2]] + 20).all()
    if channels == 4:
        np.testing.assert_array_equal(canvas[..., 3], before[..., 3])
