import pandas as pd
import torch

from idfsr.faces.landmarks68 import choose_reference
from idfsr.methods.asffnet.restore import AsffNetRestorer
from idfsr.methods.engine.check import check_method, check_restorer, make_examples
from idfsr.methods.engine.guided import NO_FACE
from idfsr.methods.engine.registry import find_method
from idfsr.methods.engine.restore import restore_identity
from idfsr.models.asffnet import ASFFNet, AsffNetConfig
from idfsr.models.spectral import fold_spectral_norm
from tests.methods.template_detector import TemplateDetector
from tests.models.golden_values import fill_by_name


def make_method() -> AsffNetRestorer:
    network = ASFFNet(AsffNetConfig(channels=4))
    fill_by_name(network)
    fold_spectral_norm(network)
    return AsffNetRestorer(
        network=network.eval(), detector=TemplateDetector(), model_digest="digest"
    )


def test_keeps_the_contract() -> None:
    check_method(find_method("asffnet"))
    method = make_method()
    check_restorer(method, method.examine(make_examples(32, 8, 3))[0])


def test_chosen_reference_alone_counts() -> None:
    method = make_method()
    examples, _ = method.examine(make_examples(32, 8, 1))
    chosen = choose_reference(
        examples["lr_landmarks_68"][0].numpy(), examples["ref_landmarks_68"][0].numpy()
    )
    restored = method.restore(examples)
    examples["ref_image"][0, 1 - chosen] = 0
    assert (method.restore(examples) == restored).all()
    examples["ref_landmarks_68"][0, chosen] = torch.nan
    assert (method.restore(examples) != restored).any()


def test_an_image_without_a_face_is_counted() -> None:
    examples = make_examples(32, 8, 3)
    examples["lr_image"][1] = -1
    table: pd.DataFrame = restore_identity(
        find_method("asffnet"), make_method(), examples, "someone", 8, batch_size=2
    )
    assert table["problem"].tolist() == ["", NO_FACE, ""]
    assert table["sr_image"].isna().tolist() == [False, True, False]
