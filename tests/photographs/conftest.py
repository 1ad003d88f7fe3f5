"""Networks that know squares on grey for faces, and a person made of them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from idfsr.config.fit import FitConfig
from idfsr.config.restore import RestoreConfig
from idfsr.config.shards import ShardsConfig
from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.faces.detector import Detections, Detector
from idfsr.faces.prepare import Networks
from idfsr.metrics.mobilenetv2.network import Features, MobileNetV2
from idfsr.metrics.sface.network import SFace
from idfsr.photographs.fit import fit_person
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.person import Person
from idfsr.run.config import Config
from tests.training.makers import TINY_MODEL, make_face, make_network

SIZE = 32
FACE = np.array(FFHQ_LANDMARKS_512) / 512
"""Landmarks in a square around a face, as shares of its side."""


class SquareDetector(Detector):
    """Finds the squares on grey that a photograph was made of."""

    def __init__(self) -> None:
        """Needs no network."""

    def detect(self, images: list[UInt8[np.ndarray, "_ _ 3"]], _: int) -> list[Detections]:
        return [self.find(image) for image in images]

    def detect_single(
        self, images: list[UInt8[np.ndarray, "_ _ 3"]], size: int
    ) -> list[Detections]:
        landmarks = (FACE * size)[None].astype(np.float32)
        box = np.array([[0, 0, size, size]], np.float32)
        return [Detections(box, np.ones(1, np.float32), landmarks) for _ in images]

    def find(self, image: UInt8[np.ndarray, "_ _ 3"]) -> Detections:
        squares = []
        columns = np.nonzero((image > 10).any(axis=(0, 2)))[0]
        for part in np.split(columns, np.nonzero(np.diff(columns) > 1)[0] + 1):
            if len(part):
                rows = np.nonzero((image[:, part] > 10).any(axis=(1, 2)))[0]
                squares.append((part[0], rows[0], part[-1] + 1, rows[-1] + 1))
        boxes = np.array(squares, np.float32).reshape(-1, 4)
        sides = boxes[:, 2:] - boxes[:, :2]
        landmarks = boxes[:, None, :2] + FACE * sides[:, None]
        return Detections(boxes, np.ones(len(boxes), np.float32), landmarks.astype(np.float32))


class PatternRecogniser(SFace):
    """Tells patterns apart by the coarse of their light, so that grey ones are told too."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 128"]:
        coarse = functional.avg_pool2d(crops.float().mean(dim=1), 28).flatten(1)
        coarse = coarse - coarse.mean(dim=1, keepdim=True)
        return functional.normalize(functional.pad(coarse * self.scale, (0, 112)))


class CoarseFeatures(MobileNetV2):
    """Features that are the colours themselves."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: Float[Tensor, "B 3 H W"]) -> Features:
        return Features([functional.normalize(images)], images.mean(dim=(2, 3)).double())


def embed(crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 512"]:
    """Tell patterns apart by their coarse colours."""
    return functional.normalize(
        functional.pad(functional.avg_pool2d(crops, 16).flatten(1), (0, 365))
    )


@pytest.fixture(scope="session")
def loaded() -> PhotographNetworks:
    detector = SquareDetector()
    config = Config(
        model=TINY_MODEL,
        shards=ShardsConfig(image_size=SIZE, num_references=2),
        fit=FitConfig(num_steps=1, batch_size=2, num_evaluations=1),
        restore=RestoreConfig(num_inference_steps=2),
    )
    return PhotographNetworks(
        config=dataclasses.replace(
            config, dataset=dataclasses.replace(config.dataset, kind="folder")
        ),
        model=make_network(),
        model_digest="model",
        detector=detector,
        networks=Networks(detector, embed),
        id_encoder="encoder",
        recogniser=PatternRecogniser(),
        perceptual=CoarseFeatures(),
    )


def draw(*faces: tuple[int, int, int], side: int = 64) -> UInt8[np.ndarray, "100 220 3"]:
    """Draw faces of (identity, image, left edge) on grey."""
    image = np.full((100, 220, 3), 10, np.uint8)
    for identity, number, left in faces:
        image[20 : 20 + side, left : left + side] = make_face(identity, number, side).clip(11)
    return image


def photograph(path: Path, *faces: tuple[int, int, int], side: int = 64) -> Path:
    """Write what `draw` draws."""
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(draw(*faces, side=side)).save(path)
    return path


@pytest.fixture(scope="session")
def person(tmp_path_factory: pytest.TempPathFactory, loaded: PhotographNetworks) -> Person:
    folder = tmp_path_factory.mktemp("people") / "ann"
    for number in range(3):
        photograph(folder / f"{number}.png", (1, number, 20 + 30 * number))
    return fit_person(folder, loaded)[0]
