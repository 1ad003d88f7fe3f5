import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.faces.embedded_landmarks import EmbeddedLandmarks
from idfsr.io.tensors import from_network
from idfsr.methods.asffnet.restore import AsffNetRestorer
from idfsr.methods.dmdnet.restore import DmdNetRestorer
from idfsr.methods.engine.check import check_restorer, make_examples
from idfsr.methods.engine.contract import Context
from idfsr.methods.engine.guided import (
    NO_FACE,
    NO_REFERENCE,
    GuidedRestorer,
    find_landmarks,
    has_landmarks,
    load_detector,
    missing_landmarks,
    native_lr,
    native_refs,
)
from idfsr.models.asffnet import AsffNetConfig
from idfsr.models.dmdnet import DmdNetConfig
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.published import save_network
from tests.methods.template_detector import TemplateDetector
from tests.models.golden_values import fill_by_name


def test_detector_is_what_its_file_is(tmp_path: Path) -> None:
    sizes = Landmarks68Config(image_size=32)
    path = tmp_path / "landmarks68.safetensors"
    save_network(path, Landmarks68Net(sizes), sizes)
    assert isinstance(load_detector(path, path), EmbeddedLandmarks)
    with pytest.raises(IdfsrError, match=r"x\.pth: no such file, wanted weights of face-alignment"):
        load_detector(tmp_path / "x.pth", tmp_path / "x.pth")


@pytest.mark.parametrize(
    ("method", "sizes"),
    [
        (AsffNetRestorer, AsffNetConfig(image_size=32, channels=8)),
        (
            DmdNetRestorer,
            DmdNetConfig(
                image_size=32, first_stride=1, channels=12, num_entries=2, eye_size=8, mouth_size=8
            ),
        ),
    ],
)
def test_a_file_of_ours_brings_its_sizes(
    tmp_path: Path, method: type[GuidedRestorer[Any]], sizes: Any
) -> None:
    detector_sizes = Landmarks68Config(image_size=32)
    save_network(tmp_path / "d.safetensors", Landmarks68Net(detector_sizes), detector_sizes)
    network = method.network_class(sizes)
    fill_by_name(network)
    save_network(tmp_path / "n.safetensors", network, sizes)
    files = ("n.safetensors", "d.safetensors", "d.safetensors")
    names = ("network", "fan", "s3fd")
    weights = {name: tmp_path / file for name, file in zip(names, files, strict=True)}
    loaded = method.load(Context(seed=0, scale_factor=8, weights=weights))
    assert loaded.native_size == 32
    loaded = dataclasses.replace(loaded, detector=SmallTemplateDetector())
    check_restorer(loaded, loaded.examine(make_examples(32, 8, 3))[0])


class SmallTemplateDetector(TemplateDetector):
    def detect(self, images: np.ndarray) -> np.ndarray:
        return super().detect(images) / 16


def test_faces_and_references_are_searched_at_512() -> None:
    examples = make_examples(32, 8, 3)
    found = find_landmarks(examples, TemplateDetector(), 512)
    for row in range(3):
        face = TemplateDetector().detect(from_network(native_lr(examples, 512)[row : row + 1]))
        np.testing.assert_array_equal(found["lr_landmarks_68"][row], face[0])
        refs = TemplateDetector().detect(from_network(native_refs(examples["ref_image"][row], 512)))
        np.testing.assert_array_equal(found["ref_landmarks_68"][row], refs)
    assert native_lr(examples, 512).shape == (3, 3, 512, 512)


def test_a_shared_photograph_is_searched_once() -> None:
    examples = make_examples(32, 8, 3)
    examples["ref_image"] = examples["ref_image"][:1, [0, 1]].expand(3, -1, -1, -1, -1)
    detector = TemplateDetector()
    found = find_landmarks(examples, detector, 512)
    assert detector.num_searched == 3 + 2
    assert torch.equal(found["ref_landmarks_68"][0], found["ref_landmarks_68"][2])
    assert not torch.equal(found["ref_landmarks_68"][0, 0], found["ref_landmarks_68"][0, 1])


def test_what_lacks_landmarks_is_named() -> None:
    examples = make_examples(32, 8, 3)
    examples["lr_image"][0] = -1
    examples["ref_image"][1] = -1
    examples["ref_image"][2, 0] = -1
    found = find_landmarks(examples, TemplateDetector(), 512)
    assert missing_landmarks(found) == [NO_FACE, NO_REFERENCE, ""]
    assert has_landmarks(found["ref_landmarks_68"])[2].tolist() == [False, True]
