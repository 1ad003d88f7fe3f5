from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.io.places import WEIGHTS_VARIABLE
from idfsr.io.tensors import from_network
from idfsr.io.weights_list import MANIFEST
from idfsr.methods.codeformer.restore import CodeFormerRestorer
from idfsr.methods.engine.check import check_method, check_restorer, make_examples
from idfsr.methods.engine.contract import Context
from idfsr.methods.engine.native import upsampled_lr
from idfsr.methods.engine.registry import find_method, load_method
from idfsr.models.codeformer import CodeFormer, CodeFormerConfig
from idfsr.models.vqgan import VqganConfig
from idfsr.run.config import Config, stage_settings
from tests.models.golden_values import fill_by_name

SMALL = CodeFormerConfig(
    vqgan=VqganConfig(
        image_size=32,
        channels=32,
        channel_mult=(1, 1, 1),
        num_res_blocks=1,
        attention_resolutions=(8,),
        num_codes=16,
        code_channels=8,
    ),
    token_channels=16,
    num_heads=2,
    num_layers=1,
    fused_resolutions=(16,),
)


def make_method(w: float) -> CodeFormerRestorer:
    network = CodeFormer(SMALL).eval()
    fill_by_name(network)
    return CodeFormerRestorer(network=network, w=w, model_digest="digest")


def test_keeps_the_contract() -> None:
    check_method(find_method("codeformer"))
    check_restorer(make_method(0.5), make_examples(32, 8, 3))


@torch.no_grad()
def test_network_gets_the_enlarged_face_and_w() -> None:
    examples = make_examples(32, 8, 2)
    method = make_method(1.0)
    wanted = torch.cat([method.network(image[None], 1.0) for image in upsampled_lr(examples)])
    np.testing.assert_array_equal(method.restore(examples), from_network(wanted))
    assert (make_method(0.0).restore(examples) != method.restore(examples)).any()


def test_result_has_the_size_of_the_ground_truth() -> None:
    assert make_method(0.5).restore(make_examples(48, 8, 1)).shape == (1, 48, 48, 3)


def test_missing_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    with pytest.raises(
        IdfsrError, match=r"codeformer\.pth: no such file, wanted for codeformer, from http"
    ):
        load_method(
            "codeformer",
            stage_settings(Config(), "restore-codeformer"),
            scale_factor=8,
            weights_list=MANIFEST,
            model=None,
        )


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "codeformer.pth"
    torch.save({"params_ema": CodeFormer(SMALL).state_dict()}, path)
    context = Context(seed=0, scale_factor=8, weights={"codeformer": path})
    with pytest.raises(
        IdfsrError, match=r"codeformer\.pth: CodeFormer: tensors of another network"
    ):
        CodeFormerRestorer.load(context)
