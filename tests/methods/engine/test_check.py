"""The contract's check fails where the contract is broken."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from idfsr.io.examples import IdentityExamples
from idfsr.io.tensors import from_network
from idfsr.methods.bicubic import Bicubic
from idfsr.methods.engine.check import check_method, check_restorer, make_examples
from idfsr.methods.engine.registry import find_method


class Sloppy(Bicubic):
    def restore(self, examples: IdentityExamples) -> np.ndarray:
        restored = super().restore(examples)
        return (restored + np.arange(len(restored))[:, None, None, None]).astype(np.uint8)


class Leaky(Bicubic):
    def restore(self, examples: IdentityExamples) -> np.ndarray:
        return from_network(examples["gt_image"])


class Fickle(Bicubic):
    calls = 0

    def restore(self, examples: IdentityExamples) -> np.ndarray:
        self.calls += 1
        return super().restore(examples) + np.uint8(self.calls)


def test_bicubic_keeps_it() -> None:
    check_method(find_method("bicubic"))
    check_restorer(Bicubic(), make_examples(64, 16, 4))


@pytest.mark.parametrize(
    ("broken", "words"),
    [(Sloppy, "the batch"), (Leaky, "ground truth was looked at"), (Fickle, "a second call")],
)
def test_what_breaks_it_is_found(broken: type[Bicubic], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check_restorer(broken(), make_examples(32, 8, 3))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "My Method"),
        ("label", ""),
        ("colour", "red"),
        ("needs", ("luck",)),
        ("weights", ("none",)),
        ("weights", ("alexnet",)),
    ],
)
def test_what_a_method_says_is_checked(field: str, value: Any) -> None:
    method = dataclasses.replace(find_method("bicubic"))
    object.__setattr__(method, field, value)  # past the check of the types, which tests alone have
    with pytest.raises(
        AssertionError, match=r"name 'My|label|colour 'r|needs \(|entry none|alexnet: needed_by"
    ):
        check_method(method)
