import pytest
import torch

from idfsr.metrics.psnr import psnr as psnr_of_levels
from idfsr.training.networks.faces import FaceBatch
from idfsr.training.networks.restoration import measure_restoration, psnr


def test_psnr_is_that_of_the_metrics() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (2, 3, 16, 16), generator=generator) / 127.5 - 1
    found = psnr(images[:1], images[1:]).item()
    wanted = psnr_of_levels((images[:1] + 1) / 2, (images[1:] + 1) / 2).item()
    assert found == pytest.approx(wanted, abs=1e-4)


def test_restored_faces_stand_beside_what_came() -> None:
    gt_image = torch.zeros(2, 3, 4, 4)
    batch = FaceBatch(gt_image=gt_image, degraded=gt_image + 0.2, ref_image=gt_image[:, None])
    measured = measure_restoration(lambda batch: batch.degraded / 10, [batch])
    assert measured.figures == {"PSNR": "40.00 dB (of what it got: 20.00 dB)"}
