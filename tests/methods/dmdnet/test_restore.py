import numpy as np
import torch

from idfsr.faces.guides import stack_boxes
from idfsr.methods.dmdnet.restore import BAD_BOX, DmdNetRestorer, usable_landmarks
from idfsr.methods.engine.check import check_method, check_restorer, make_examples
from idfsr.methods.engine.guided import NO_REFERENCE, native_lr, native_refs
from idfsr.methods.engine.native import to_levels
from idfsr.methods.engine.registry import find_method
from idfsr.methods.engine.restore import restore_identity
from idfsr.models.dmdnet import DMDNet, DmdNetConfig
from idfsr.models.spectral import fold_spectral_norm
from tests.methods.template_detector import TEMPLATE, TemplateDetector
from tests.models.golden_values import fill_by_name


def make_method() -> DmdNetRestorer:
    network = DMDNet(DmdNetConfig(channels=12, num_entries=2))
    fill_by_name(network)
    fold_spectral_norm(network)
    return DmdNetRestorer(
        network=network.eval(), detector=TemplateDetector(), model_digest="digest"
    )


def test_keeps_the_contract() -> None:
    check_method(find_method("dmdnet"))
    method = make_method()
    check_restorer(method, method.examine(make_examples(32, 8, 3))[0])


@torch.no_grad()
def test_each_image_is_restored_with_its_own_usable_references() -> None:
    method = make_method()
    plain = make_examples(32, 8, 3)
    plain["ref_image"][1, 0] = -1  # no face in it: one reference is left
    plain["ref_image"][2] = plain["ref_image"][0]
    examples, problems = method.examine(plain)
    assert problems == ["", "", ""]
    restored = method.restore(examples)
    for row, refs in enumerate(([0, 1], [1], [0, 1])):
        memory = method.network.memorise(
            native_refs(examples["ref_image"][row, refs], 512),
            stack_boxes(examples["ref_landmarks_68"][row, refs], 512),
        )
        boxes = stack_boxes(examples["lr_landmarks_68"][row : row + 1], 512)
        sr_image = method.network(native_lr(examples, 512)[row : row + 1], boxes, memory)
        difference = to_levels(sr_image, 32)[0].astype(int) - restored[row]
        assert np.abs(difference).max() <= 1  # references one by one, or together


def test_landmarks_without_components_count_as_none() -> None:
    faces = torch.from_numpy(np.stack([TEMPLATE, TEMPLATE, TEMPLATE]))
    faces[1, 48:] = faces[1, :1]  # a mouth of no extent keeps its smallest box
    faces[2, 17:22, 1] = 8  # a brow far above the eye: a box beyond the border
    faces[2, 36:42] = torch.tensor([20.0, 500.0])
    usable = usable_landmarks(faces, DmdNetConfig()).isfinite().flatten(1).all(dim=1)
    assert usable.tolist() == [True, True, False]


class FarDetector(TemplateDetector):
    def detect(self, images: np.ndarray) -> np.ndarray:
        landmarks = super().detect(images)
        landmarks[0, 17:22, 1] = 8
        landmarks[0, 36:42] = [20, 500]
        return landmarks


def test_reasons_are_counted() -> None:
    examples = make_examples(32, 8, 3)
    examples["ref_image"][1] = -1
    method = make_method()
    object.__setattr__(method, "detector", FarDetector())
    table = restore_identity(find_method("dmdnet"), method, examples, "someone", 8, batch_size=2)
    assert table["problem"].tolist() == [BAD_BOX, NO_REFERENCE, ""]
    assert table["sr_image"].isna().tolist() == [True, True, False]
