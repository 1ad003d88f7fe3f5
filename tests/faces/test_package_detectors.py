"""The packages' detectors against their own calls, with files in their own formats."""

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from idfsr.config.landmarks import LandmarksConfig
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detector, FaceDetector, fit_into_square, load_detector
from idfsr.faces.retinaface import RetinaFace
from idfsr.io.provenance import module_closure
from idfsr.run.config import parse_config

CPU = torch.device("cpu")
NONE = Path("none")

# the packages were written for other versions of their libraries
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _no_update_of_albumentations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "1")


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def random_network() -> RetinaFace:
    torch.manual_seed(0)
    return RetinaFace("resnet50").eval()


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As retinaface-pytorch publishes: a zip archive with one .pth."""
    folder = tmp_path_factory.mktemp("weights")
    torch.save(random_network().state_dict(), folder / "r.pth")
    with zipfile.ZipFile(folder / "r.zip", "w") as archive:
        archive.write(folder / "r.pth", "r.pth")
    return folder / "r.zip"


def write_detector(path: Path, num_outputs: int) -> Path:
    """Write a graph with insightface's nine outputs: scores, boxes and landmarks at each stride.

    Each is a convolution of the image's means over the places of its stride, filled from a seed.
    """
    rng = np.random.default_rng(0)
    nodes, values, outputs = [], [], []
    for kind, length in (("score", 1), ("box", 4), ("landmarks", 10)):
        for stride in (8, 16, 32):
            name = f"{kind}{stride}"
            weight = rng.normal(0, 0.6, (2 * length, 3, stride, stride)) / stride
            weight = np.abs(weight) if kind == "box" else weight
            values.append(numpy_helper.from_array(weight.astype(np.float32), f"w_{name}"))
            nodes += [
                helper.make_node(
                    "Conv", ["image", f"w_{name}"], [f"c_{name}"], strides=[stride, stride]
                ),
                helper.make_node("Transpose", [f"c_{name}"], [f"t_{name}"], perm=[2, 3, 0, 1]),
                helper.make_node("Reshape", [f"t_{name}", f"shape{length}"], [f"r_{name}"]),
            ]
            last = "Sigmoid" if kind == "score" else "Abs" if kind == "box" else "Identity"
            nodes.append(helper.make_node(last, [f"r_{name}"], [name]))
            outputs.append(
                helper.make_tensor_value_info(name, TensorProto.FLOAT, [f"n{stride}", length])
            )
        values.append(numpy_helper.from_array(np.array([-1, length]), f"shape{length}"))
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w"])
    graph = helper.make_graph(nodes, "detector", [given], outputs[:num_outputs], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


def load(detector: Any, path: Path, threshold: float) -> FaceDetector:
    config = LandmarksConfig(
        detector=detector, weights=str(path), image_size=64, score_threshold=threshold
    )
    return load_detector(config, NONE, CPU)


def test_retinaface_pytorch_is_its_own_call(zipped: Path, image: np.ndarray) -> None:
    from retinaface.predict_single import Model  # noqa: PLC0415 - it warns when imported

    package = Model(max_size=64)
    package.load_state_dict(random_network().state_dict())
    package.eval()
    wanted = package.predict_jsons(image, confidence_threshold=0.3)
    assert len(wanted) > 3
    twice = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
    detector = load("retinaface-pytorch", zipped, 0.3)
    same, larger = detector.detect([image, twice], 64)
    assert same.boxes.tolist() == np.array([r["bbox"] for r in wanted], np.float32).tolist()
    np.testing.assert_allclose(same.scores, [float(row["score"]) for row in wanted], atol=1e-6)
    np.testing.assert_allclose(same.landmarks, [row["landmarks"] for row in wanted], rtol=1e-6)
    copy, _ = fit_into_square(twice, 64)
    wanted = package.predict_jsons(copy, confidence_threshold=0.3)
    np.testing.assert_allclose(
        larger.landmarks, 2 * np.array([row["landmarks"] for row in wanted]), rtol=1e-5
    )
    (best,) = load("retinaface-pytorch", zipped, 0.999).detect_single([image], 64)
    assert best.landmarks.shape == (1, 5, 2)
    np.testing.assert_allclose(best.landmarks[0], same.landmarks[0], atol=0.01)
    # our own program with these weights finds the same faces
    ours = Detector(random_network(), 0.3, CPU, "imagenet").detect([image[:32, :32]], 64)[0]
    (theirs,) = detector.detect([image[:32, :32]], 64)
    np.testing.assert_allclose(theirs.landmarks[0], ours.landmarks[0], atol=0.2)


def test_insightface_is_its_own_call(tmp_path: Path, image: np.ndarray) -> None:
    import insightface  # noqa: PLC0415 - it warns when imported

    path = write_detector(tmp_path / "det.onnx", 9)
    package = insightface.model_zoo.get_model(str(path), providers=["CPUExecutionProvider"])
    bgr = np.ascontiguousarray(image[..., ::-1])
    faces, landmarks = package.detect(bgr, input_size=(64, 64), det_thresh=0.5)
    assert len(faces) > 3
    detector = load("insightface", path, 0.5)
    twice = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
    same, larger = detector.detect([image, twice], 64)
    np.testing.assert_allclose(np.c_[same.boxes, same.scores], faces, rtol=1e-6)
    np.testing.assert_allclose(same.landmarks, landmarks, rtol=1e-6)
    copy = np.ascontiguousarray(fit_into_square(twice, 64)[0][..., ::-1])
    _, landmarks = package.detect(copy, input_size=(64, 64), det_thresh=0.5)
    np.testing.assert_allclose(larger.landmarks, 2 * landmarks, rtol=1e-5)
    (best,) = load("insightface", path, 0.9999).detect_single([image], 64)
    np.testing.assert_allclose(best.boxes[0], faces[0, :4], rtol=1e-6)
    (nothing,) = load("insightface", path, 0.99999).detect([np.zeros_like(image)], 64)
    assert (len(nothing.scores), nothing.landmarks.shape) == (0, (0, 5, 2))


def test_files_of_others_are_one_line(tmp_path: Path, zipped: Path) -> None:
    refused = {
        ("retinaface-pytorch", tmp_path / "none.zip"): "no such file",
        ("insightface", tmp_path / "none.onnx"): "no such file, wanted a detector of insightface",
    }
    small = tmp_path / "small.pth"
    torch.save(torch.nn.Linear(2, 3).state_dict(), small)
    refused["retinaface-pytorch", small] = "not weights of retinaface-pytorch: Error"
    wrong = tmp_path / "wrong.zip"
    with zipfile.ZipFile(wrong, "w") as archive:
        archive.writestr("page.html", "<html>Not found</html>")
    refused["retinaface-pytorch", wrong] = "page.html is not a file of PyTorch"
    refused["insightface", zipped] = ".*wanted a detector of insightface"
    refused["insightface", write_detector(tmp_path / "six.onnx", 6)] = (
        "found SCRFD, wanted a detector of five landmarks"
    )
    for (detector, path), message in refused.items():
        with pytest.raises(IdfsrError, match=rf"^{re.escape(str(path))}: {message}"):
            load(detector, path, 0.5)


def test_a_package_without_weights_is_refused_at_once() -> None:
    for name in ("retinaface-pytorch", "insightface"):
        wanted = f"x.yaml: landmarks.weights is empty, wanted the file of landmarks.detector {name}"
        with pytest.raises(IdfsrError, match=wanted):
            parse_config({"landmarks": {"detector": name}}, "x.yaml")


def test_the_code_of_the_stage_has_the_packages_detectors() -> None:
    assert "idfsr.faces.package_detectors" in module_closure("idfsr.stages.landmarks")
