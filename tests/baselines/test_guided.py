import numpy as np
import torch

from idfsr.baselines.check import make_examples
from idfsr.baselines.guided import (
    NO_FACE,
    NO_REFERENCE,
    find_landmarks,
    has_landmarks,
    missing_landmarks,
    native_lr,
    native_refs,
)
from idfsr.data.tensors import from_network

from .template_detector import TemplateDetector


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
