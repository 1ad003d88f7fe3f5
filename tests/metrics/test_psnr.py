import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from idfsr.metrics.engine.luma import to_luma
from idfsr.metrics.engine.metric import ImageBatch, Pairs
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.psnr import psnr, score


def test_hand_computed() -> None:
    gt_image = torch.full((3, 3, 4, 5), 0.5, dtype=torch.float64)
    sr_image = gt_image.clone()
    sr_image[0] += 0.1  # MSE 0.01
    sr_image[1, 0] += 0.1  # one of three channels: MSE 0.01 / 3
    values = psnr(sr_image, gt_image)
    assert values[0].item() == pytest.approx(20.0)
    assert values[1].item() == pytest.approx(20.0 + 4.771212547196624)
    assert values[2].item() == np.inf


def test_agrees_with_scikit_image(degraded: list[np.ndarray]) -> None:
    gt_image, *others = degraded
    values = psnr(to_unit(np.stack(others)), to_unit(np.stack([gt_image] * 4)))
    wanted = [peak_signal_noise_ratio(gt_image, other) for other in others]
    np.testing.assert_allclose(values, wanted, rtol=1e-12)


def test_columns_of_colours_and_luma(degraded: list[np.ndarray]) -> None:
    gt, sr = np.stack(degraded[:1] * 2), np.stack(degraded[2:4])
    crops = np.zeros((2, 112, 112, 3), np.uint8)
    columns = score(Pairs(sr=ImageBatch(sr, crops), gt=ImageBatch(gt, crops)))
    assert set(columns) == {"psnr", "psnr_y"}
    wanted = [peak_signal_noise_ratio(*pair) for pair in zip(gt, sr, strict=True)]
    np.testing.assert_allclose(columns["psnr"], wanted, rtol=1e-12)
    assert columns["psnr_y"].tolist() == psnr(to_luma(to_unit(sr)), to_luma(to_unit(gt))).tolist()
