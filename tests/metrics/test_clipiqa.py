import math
import re
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.metrics.clipiqa import FAMILY
from idfsr.metrics.clipiqa.network import WEIGHTS, ClipIqa, clipiqa, load_clipiqa
from idfsr.metrics.engine.scoring import Scores
from idfsr.metrics.engine.unit_range import to_unit

CPU = torch.device("cpu")
RN50 = {
    "embed_dim": 1024, "image_resolution": 224, "vision_layers": (3, 4, 6, 3), "vision_width": 64,
    "vision_patch_size": None, "context_length": 77, "vocab_size": 49408,
    "transformer_width": 512, "transformer_heads": 8, "transformer_layers": 12,
}  # fmt: skip
SMALL = RN50 | {
    "embed_dim": 64, "image_resolution": 64, "vision_layers": (1, 1, 1, 1), "vision_width": 16,
    "transformer_width": 64, "transformer_heads": 1, "transformer_layers": 2,
}  # fmt: skip
VISION_TRANSFORMER = SMALL | {"vision_layers": 1, "vision_width": 64, "vision_patch_size": 32}


def without_code(module: nn.Module) -> nn.Module:
    """Return the weights of a module in empty modules of the same names."""
    copy = nn.Module()
    for name, parameter in module.named_parameters(recurse=False):
        copy.register_parameter(name, parameter)
    for name, buffer in module.named_buffers(recurse=False):
        copy.register_buffer(name, buffer)
    for name, child in module.named_children():
        copy.add_module(name, without_code(child))
    return copy


def write_archive(path: Path, settings: dict[str, Any]) -> None:
    """Write an untrained CLIP as OpenAI did: TorchScript, float16, with three settings inside."""
    from pyiqa.archs.clip_model import CLIP  # noqa: PLC0415 - slow, and reads the environment

    with torch.random.fork_rng():
        torch.manual_seed(0)
        clip = CLIP(**settings)
        for name, tensor in clip.visual.state_dict().items():
            if ".bn" in name or "downsample.1" in name or name.startswith("bn"):
                if name.endswith(("weight", "var")):
                    tensor.uniform_(0.5, 1.5)
                elif name.endswith(("bias", "mean")):
                    tensor.normal_(0, 0.3)
            elif tensor.dim() == 4:  # convolutions that keep the images apart
                nn.init.kaiming_normal_(tensor)
    clip.logit_scale.data.fill_(math.log(100))  # as trained
    archive = without_code(clip.half())
    for name in ("context_length", "vocab_size"):
        archive.register_buffer(name, torch.tensor(settings[name]))
    archive.register_buffer("input_resolution", torch.tensor(settings["image_resolution"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated
        torch.jit.script(archive).save(str(path))


def library_scores(path: Path, images: Tensor) -> list[float]:
    """Ask pyiqa of one image after the other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyiqa  # noqa: PLC0415 - slow, and reads the environment

        metric = pyiqa.create_metric("clipiqa", device=CPU, backbone=str(path))
    return [metric(image[None]).item() for image in images.float()]


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("weights")
    write_archive(root / WEIGHTS, SMALL)
    return root


@pytest.fixture(scope="module")
def network(weights_dir: Path) -> ClipIqa:
    return load_clipiqa(weights_dir, CPU)


@pytest.fixture(scope="module")
def images(degraded: list[np.ndarray], textured: np.ndarray) -> Tensor:
    flat = np.full_like(textured, (200, 40, 0))
    return to_unit(np.stack([*degraded, textured, 255 - textured, flat]))


def test_agrees_with_pyiqa(network: ClipIqa, weights_dir: Path, images: Tensor) -> None:
    found = clipiqa(network, images)
    assert found.dtype == torch.float64
    assert found.std() > 0.01  # the untrained network does tell images apart
    wanted = library_scores(weights_dir / WEIGHTS, images)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.slow
def test_agrees_with_pyiqa_at_full_size(tmp_path: Path, images: Tensor) -> None:
    write_archive(tmp_path / WEIGHTS, RN50)
    network = load_clipiqa(tmp_path, CPU)
    large = nn.functional.interpolate(images, size=(256, 192), mode="nearest")
    wanted = library_scores(tmp_path / WEIGHTS, large)
    np.testing.assert_allclose(clipiqa(network, large), wanted, rtol=1e-5)


def test_neither_batch_nor_order_matters(network: ClipIqa, images: Tensor) -> None:
    together = clipiqa(network, images)
    alone = torch.cat([clipiqa(network, image[None]) for image in images])
    torch.testing.assert_close(alone, together, rtol=1e-5, atol=0)
    backwards = clipiqa(network, images.flip(0)).flip(0)
    torch.testing.assert_close(backwards, together, rtol=1e-5, atol=0)


def test_the_text_tower_runs_once(
    weights_dir: Path, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = load_clipiqa(weights_dir, CPU)
    assert network.text_features.shape == (10, 64)
    monkeypatch.setattr(network.clip, "encode_text", lambda _: pytest.fail("ran again"))
    clipiqa(network, images)


def test_nothing_is_downloaded(weights_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # pyiqa compares the digest of a file that it finds itself, and replaces any other.
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: pytest.fail("asked"))
    before = (weights_dir / WEIGHTS).read_bytes()
    load_clipiqa(weights_dir, CPU)
    assert (weights_dir / WEIGHTS).read_bytes() == before


def test_pyiqa_is_not_imported_before_it_is_needed() -> None:
    names = ("clipiqa.network", "musiq.network", "engine.registry")
    modules = ", ".join(f"idfsr.metrics.{name}" for name in names)
    code = f"import sys, {modules}; sys.exit('pyiqa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    wanted = f"{tmp_path / WEIGHTS}: no such file, wanted the weights of CLIP with ResNet-50"
    with pytest.raises(IdfsrError, match=f"^{re.escape(wanted)}$"):
        load_clipiqa(tmp_path, CPU)


def test_files_of_other_content(weights_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    whole = (weights_dir / WEIGHTS).read_bytes()
    path.parent.mkdir(parents=True)
    wanted = rf"^{re.escape(str(path))}: not OpenAI's TorchScript archive of CLIP: .+$"
    for content in (whole[: len(whole) // 2], b"<html>Not found</html>", b""):
        path.write_bytes(content)
        with pytest.raises(IdfsrError, match=wanted):
            load_clipiqa(tmp_path, CPU)
    torch.save(nn.Linear(2, 3).state_dict(), path)  # a good file, but not an archive
    with pytest.raises(IdfsrError, match=wanted):
        load_clipiqa(tmp_path, CPU)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(nn.Linear(2, 3)).save(str(path))  # an archive of another network
    with pytest.raises(IdfsrError, match=wanted):
        load_clipiqa(tmp_path, CPU)


def test_another_clip(tmp_path: Path) -> None:
    write_archive(tmp_path / WEIGHTS, VISION_TRANSFORMER)
    with pytest.raises(IdfsrError, match="found CLIP with VisionTransformer, wanted ResNet-50"):
        load_clipiqa(tmp_path, CPU)


def test_both_engines_give_the_same(
    weights_dir: Path, by_both_engines: Callable[..., list[Scores]], degraded: list[np.ndarray]
) -> None:
    sr, gt = np.stack(degraded[2:]), np.stack([degraded[0]] * 3)
    fast, library = by_both_engines(FAMILY, weights_dir, sr, gt)
    assert fast.columns.keys() == library.columns.keys() == {"clipiqa"}
    np.testing.assert_allclose(library.columns["clipiqa"], fast.columns["clipiqa"], rtol=1e-5)
    assert fast.columns["clipiqa"].std() > 1e-4
