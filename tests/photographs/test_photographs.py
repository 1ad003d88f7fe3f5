"""Own photographs: a person from a folder, and photographs in which they are restored."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor
from torch.nn import functional

from idfsr.config.fit import FitConfig
from idfsr.config.restore import RestoreConfig
from idfsr.config.shards import ShardsConfig
from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detections, Detector
from idfsr.faces.prepare import Networks
from idfsr.photographs.fit import fit_person
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.person import Person, load_person, save_person
from idfsr.photographs.restore import rank_references, restore_photograph
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
        columns = np.nonzero((image != 10).any(axis=(0, 2)))[0]
        for part in np.split(columns, np.nonzero(np.diff(columns) > 1)[0] + 1):
            if len(part):
                rows = np.nonzero((image[:, part] != 10).any(axis=(1, 2)))[0]
                squares.append((part[0], rows[0], part[-1] + 1, rows[-1] + 1))
        boxes = np.array(squares, np.float32).reshape(-1, 4)
        sides = boxes[:, 2:] - boxes[:, :2]
        landmarks = boxes[:, None, :2] + FACE * sides[:, None]
        return Detections(boxes, np.ones(len(boxes), np.float32), landmarks.astype(np.float32))


def embed(crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 512"]:
    """Tell patterns apart by their coarse colours."""
    return functional.normalize(
        functional.pad(functional.avg_pool2d(crops, 16).flatten(1), (0, 365))
    )


@pytest.fixture
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
    )


def photograph(path: Path, *faces: tuple[int, int, int], side: int = 64) -> Path:
    """Write a photograph with faces of (identity, image, left edge) on grey."""
    image = np.full((100, 220, 3), 10, np.uint8)
    for identity, number, left in faces:
        image[20 : 20 + side, left : left + side] = make_face(identity, number, side).clip(11)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(image).save(path)
    return path


@pytest.fixture
def person(tmp_path: Path, loaded: PhotographNetworks) -> Person:
    for number in range(3):
        photograph(tmp_path / "ann" / f"{number}.png", (1, number, 30))
    return fit_person(tmp_path / "ann", loaded)[0]


def test_person_holds_what_a_restoration_needs(tmp_path: Path, person: Person) -> None:
    assert (person.name, person.model_digest, person.id_encoder) == ("ann", "model", "encoder")
    assert person.ref_images.shape == (3, SIZE, SIZE, 3)
    np.testing.assert_allclose(person.ref_landmarks[0], FACE * SIZE, atol=0.1)
    np.testing.assert_allclose(person.ref_z_id.norm(dim=1), 1, rtol=1e-5)
    # one step of Adam from the embedding of a photograph
    assert 0 < (person.z_id - person.ref_z_id).norm(dim=1).min() < 0.1
    path = tmp_path / "ann.safetensors"
    save_person(path, person)
    loaded = load_person(path, model_digest="model")
    assert torch.equal(loaded.z_id, person.z_id)
    assert torch.equal(loaded.ref_images, person.ref_images)
    assert loaded.config == person.config
    with pytest.raises(IdfsrError, match=r"ann\.safetensors: found model_digest model, wanted a"):
        load_person(path, model_digest="another")


def test_only_the_face_changes(tmp_path: Path, loaded: PhotographNetworks, person: Person) -> None:
    path = photograph(tmp_path / "in.png", (1, 7, 100))
    before = np.array(Image.open(path))
    done = restore_photograph(path, person, loaded, 8, all_faces=False)
    assert (done.num_faces, done.chosen, done.enlarged) == (1, (0,), 1)
    changed = (done.image != before).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.min() >= 19
    assert rows.max() <= 84
    assert columns.min() >= 99
    assert columns.max() <= 164
    assert changed[40:64, 120:144].mean() > 0.9
    again = restore_photograph(path, person, loaded, 8, all_faces=False)
    np.testing.assert_array_equal(again.image, done.image)


def test_photograph_of_a_small_face_is_enlarged(
    tmp_path: Path, loaded: PhotographNetworks, person: Person
) -> None:
    path = photograph(tmp_path / "in.png", (1, 7, 100), side=12)
    done = restore_photograph(path, person, loaded, 8, all_faces=False)
    assert done.enlarged == 3  # 12 pixels to 32
    assert done.image.shape == (300, 660, 3)
    assert (done.image[:50] == 10).all()
    tiny = photograph(tmp_path / "tiny.png", (1, 7, 100), side=4)
    assert restore_photograph(tiny, person, loaded, 4, all_faces=False).enlarged == 4


def test_the_person_is_found_among_others(
    tmp_path: Path, loaded: PhotographNetworks, person: Person
) -> None:
    path = photograph(tmp_path / "in.png", (2, 0, 10), (1, 7, 130))
    before = np.array(Image.open(path))
    done = restore_photograph(path, person, loaded, 8, all_faces=False)
    assert (done.num_faces, done.chosen) == (2, (1,))
    assert done.similarities[1] > done.similarities[0]
    assert (done.image[:, :90] == before[:, :90]).all()
    everybody = restore_photograph(path, person, loaded, 8, all_faces=True)
    assert everybody.chosen == (0, 1)
    assert (everybody.image[:, :90] != before[:, :90]).any()


def test_reference_of_the_nearest_pose_comes_first(person: Person) -> None:
    landmarks = person.ref_landmarks.clone()
    landmarks[:2, 2, 0] += torch.tensor([4.0, 8.0])  # noses turned to the right
    turned = dataclasses.replace(person, ref_landmarks=landmarks)
    ranked = rank_references(turned, (FACE * SIZE).astype(np.float32))
    assert [item.row.image for item in ranked] == ["2", "0", "1"]


def test_bad_input_is_one_line(tmp_path: Path, loaded: PhotographNetworks, person: Person) -> None:
    empty = photograph(tmp_path / "nobody.png")
    with pytest.raises(IdfsrError, match=r"nobody\.png: found no face, wanted at least one"):
        restore_photograph(empty, person, loaded, 8, all_faces=False)
    photograph(tmp_path / "bob" / "0.png", (2, 0, 30))
    photograph(tmp_path / "bob" / "1.png")
    with pytest.raises(IdfsrError, match=r"bob: found 1 photographs with a face among 2, wanted "):
        fit_person(tmp_path / "bob", loaded)
