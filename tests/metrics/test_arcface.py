from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.config.weights import WeightsConfig
from idfsr.errors import IdfsrError
from idfsr.io.places import locate
from idfsr.metrics.engine.metric import ImageBatch, Resources
from idfsr.metrics.engine.registry import find_family
from idfsr.models.id_encoder import load_id_encoder

CPU = torch.device("cpu")


def test_embeds_as_the_id_encoder_does(tmp_path: Path) -> None:
    path = locate(WeightsConfig().id_encoder)
    family = find_family("arcface")
    scorer = family.load(Resources(tmp_path, tmp_path, None, CPU, None, path))
    crops = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), dtype=np.uint8)
    found = scorer.extract(ImageBatch(crops, crops))["embedding"]  # type: ignore[union-attr]
    channels_first = torch.from_numpy(crops.transpose(0, 3, 1, 2).astype(np.float32))
    wanted = load_id_encoder(path).embed(channels_first / 127.5 - 1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_without_the_encoder_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="--id-encoder: found none, wanted the weights"):
        find_family("arcface").load(Resources(tmp_path, tmp_path, None, CPU, None))
