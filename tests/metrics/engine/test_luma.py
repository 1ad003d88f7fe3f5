import numpy as np
import pyiqa
import pytest
import torch
from skimage.color import rgb2ycbcr
from skimage.metrics import structural_similarity

from idfsr.metrics.engine.luma import to_luma
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.psnr import psnr
from idfsr.metrics.ssim import ssim


def test_black_white_and_the_primaries() -> None:
    colours = torch.tensor([[0.0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    luma = 255 * to_luma(colours.double()[..., None, None]).flatten()
    assert luma.tolist() == pytest.approx([16, 235, 81.481, 144.553, 40.966])


def test_agrees_with_scikit_image(textured: np.ndarray) -> None:
    luma = 255 * to_luma(to_unit(textured[None]))[0, 0]
    np.testing.assert_allclose(luma, rgb2ycbcr(textured)[..., 0], rtol=0, atol=1e-3)


def test_psnr_agrees_with_pyiqa(degraded: list[np.ndarray]) -> None:
    gt_image, *others = degraded
    sr, gt = to_unit(np.stack(others)), to_unit(np.stack([gt_image] * len(others)))
    metric = pyiqa.create_metric("psnr", device="cpu", test_y_channel=True, color_space="ycbcr")
    theirs = metric(sr.float(), gt.float()).flatten()
    np.testing.assert_allclose(psnr(to_luma(sr), to_luma(gt)), theirs, rtol=1e-4)


def test_ssim_agrees_with_scikit_image(degraded: list[np.ndarray]) -> None:
    gt_image, *others = degraded
    sr, gt = to_unit(np.stack(others)), to_unit(np.stack([gt_image] * len(others)))
    wanted = [
        structural_similarity(
            *(rgb2ycbcr(image)[..., 0] for image in (other, gt_image)),
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for other in others
    ]
    np.testing.assert_allclose(ssim(to_luma(sr), to_luma(gt)), wanted, rtol=0, atol=1e-6)
