import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from idfsr.errors import IdfsrError
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.ssim import ssim


def reference(sr_image: np.ndarray, gt_image: np.ndarray) -> float:
    return float(
        structural_similarity(
            sr_image,
            gt_image,
            channel_axis=-1,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def test_agrees_with_scikit_image(degraded: list[np.ndarray]) -> None:
    gt_image, *others = degraded
    values = ssim(to_unit(np.stack(others)), to_unit(np.stack([gt_image] * 4)))
    wanted = [reference(other, gt_image) for other in others]
    np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-6)


def test_agrees_with_scikit_image_on_an_oblong(textured: np.ndarray) -> None:
    sr_image, gt_image = textured[:24, :40], textured[8:32, 5:45]
    value = ssim(to_unit(sr_image[None]), to_unit(gt_image[None])).item()
    assert value == pytest.approx(reference(sr_image, gt_image), abs=1e-6)


def test_one_for_equal_images_and_never_above(textured: np.ndarray) -> None:
    images = to_unit(np.stack([textured, 255 - textured]))
    assert ssim(images, images).tolist() == pytest.approx([1.0, 1.0], abs=1e-12)
    assert ssim(images[:1], images[1:]).item() < 0  # the negative has the opposite structure


def test_flat_images_by_hand() -> None:
    sr_image, gt_image = (
        torch.full((1, 3, 11, 11), level, dtype=torch.float64) for level in (0.2, 0.6)
    )
    # No structure is left: (2 * 0.12 + 0.0001) / (0.04 + 0.36 + 0.0001).
    assert ssim(sr_image, gt_image).item() == pytest.approx(0.2401 / 0.4001, abs=1e-10)


def test_images_below_the_window() -> None:
    images = torch.zeros(1, 3, 10, 64)
    with pytest.raises(IdfsrError, match="64 x 10 px, wanted 11 px"):
        ssim(images, images)
