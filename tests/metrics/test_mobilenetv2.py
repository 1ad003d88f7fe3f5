from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
import torchvision
from PIL import Image

from idfsr.io.assets import find_asset
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.mobilenetv2.network import (
    Features,
    MobileNetV2,
    load_mobilenetv2,
    perceptual_distance,
)

EGYPTIAN_CAT = 285  # of ImageNet's thousand classes
POOLED = torch.zeros(1, 1280, dtype=torch.float64)


@pytest.fixture(scope="module")
def network(assets_dir: Path) -> MobileNetV2:
    return load_mobilenetv2(assets_dir, torch.device("cpu"))


@torch.inference_mode()
def distances(network: MobileNetV2, images: list[np.ndarray]) -> list[float]:
    """To the first image."""
    features = [network(to_unit(image[None])) for image in images]
    return [perceptual_distance(other, features[0]).item() for other in features]


def test_recognises_a_cat(network: MobileNetV2, assets_dir: Path) -> None:
    # Right weights, channel order and range: the classifier on our features names the cat.
    cat = Image.fromarray(skimage.data.chelsea()[:, 60:360]).resize((224, 224))
    whole = torchvision.models.mobilenet_v2()
    whole.load_state_dict(torch.load(find_asset(assets_dir, "mobilenetv2"), weights_only=True))
    with torch.inference_mode():
        pooled = network(to_unit(np.array(cat)[None])).pooled
        logits = whole.eval().classifier(pooled.float())
    assert logits.argmax().item() == EGYPTIAN_CAT


def test_zero_on_itself_and_rises_with_degradation(
    network: MobileNetV2, degraded: list[np.ndarray]
) -> None:
    values = distances(network, degraded)
    assert values[0] == 0
    assert values == sorted(values)
    assert len(set(values)) == 5


def test_features_have_unit_length_and_five_resolutions(
    network: MobileNetV2, textured: np.ndarray
) -> None:
    with torch.inference_mode():
        features = network(to_unit(textured[None, :48]))  # 48 x 64 is brought to 128 x 171
    assert [tuple(stage.shape[1:]) for stage in features.stages] == [
        (16, 64, 86), (24, 32, 43), (32, 16, 22), (96, 8, 11), (320, 4, 6),
    ]  # fmt: skip
    for stage in features.stages:
        torch.testing.assert_close(stage.norm(dim=1), torch.ones(1, *stage.shape[2:]))


def test_distance_by_hand() -> None:
    # One place, two channels: right angles are 2 apart, opposites 4, equals 0.
    right, up, left = (
        torch.tensor(vector).view(1, 2, 1, 1) for vector in ([1.0, 0], [0, 1.0], [-1.0, 0])
    )
    sr = Features([right, right, right, right, right], POOLED)
    gt = Features([right, up, left, left, right], POOLED)
    assert perceptual_distance(sr, gt).tolist() == [(0 + 2 + 4 + 4 + 0) / 5]


def test_a_batch_gives_what_single_images_give(
    network: MobileNetV2, degraded: list[np.ndarray]
) -> None:
    with torch.inference_mode():
        together = network(to_unit(np.stack(degraded)))
        alone = network(to_unit(degraded[3][None]))
    torch.testing.assert_close(together.pooled[3:4], alone.pooled, rtol=0, atol=1e-4)
