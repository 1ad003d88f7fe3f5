"""DeepFace in batches against the package itself, with its own architectures filled at random."""

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.metrics.engine import deepface
from idfsr.metrics.engine.deepface import FOLDER, KINDS, find_all_faces, find_faces, load_network
from idfsr.metrics.engine.deepface_columns import compare_ages, compare_classes, verify
from idfsr.metrics.engine.deepface_family import Name
from idfsr.metrics.engine.metric import Features, ImageBatch
from idfsr.metrics.engine.registry import find_family
from idfsr.metrics.engine.scoring import Scores

CPU = torch.device("cpu")


def fill(network: nn.Module) -> dict[str, Tensor]:
    """Return weights that keep the scale of activations, in files of a hundredth of the size.

    The rows of a large matrix are windows of one random sequence, which a file holds once.
    """
    generator = torch.Generator().manual_seed(0)
    state = {}
    for name, tensor in network.state_dict().items():
        if name.endswith("bias"):
            state[name] = torch.zeros(tensor.shape)
            continue
        fan_in = tensor[0].numel()
        sequence = torch.randn(97 * len(tensor) + fan_in, generator=generator)
        rows = sequence.as_strided((len(tensor), fan_in), (97, 1))
        scale = (2 / fan_in) ** 0.5
        sequence *= scale
        state[name] = rows.unflatten(1, tensor.shape[1:])
    return state


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of all networks, in the package's own format and places."""
    root = tmp_path_factory.mktemp("weights")
    (root / FOLDER).mkdir(parents=True)
    for kind in KINDS.values():
        with torch.device("meta"):
            network = kind.build()
        torch.save(fill(network), root / FOLDER / kind.file)
    return root


@pytest.fixture(scope="module")
def package(weights_dir: Path) -> Iterator[Any]:
    """The package itself, which finds these files."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("DEEPFACE_HOME", str(weights_dir))
        patch.setenv("DEEPFACE_BACKEND_ENGINE", "pytorch")
        patch.setenv("DEEPFACE_LOG_LEVEL", "40")
        warnings.simplefilter("ignore")
        from deepface import DeepFace  # noqa: PLC0415 - it reads the environment when imported
        from deepface.modules import modeling  # noqa: PLC0415

        yield DeepFace
        modeling.cached_models = {task: {} for task in modeling.AVAILABLE_MODELS}


@pytest.fixture(scope="module")
def photographs(test_data: Path) -> np.ndarray:
    """Three people, two of them side by side, and one picture without a face."""
    paths = [min((test_data / "real-faces" / name).iterdir()) for name in ("00001", "00005")]
    faces = [np.array(Image.open(path).convert("RGB").resize((256, 256))) for path in paths]
    both = np.concatenate([face[::2, ::2] for face in faces], axis=1)
    pair = np.zeros_like(faces[0])
    pair[64:192] = both
    return np.stack([*faces, pair, np.full_like(pair, (90, 120, 60))])


@pytest.fixture(scope="module")
def files(photographs: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("images")
    files = [str(folder / f"{number}.png") for number in range(len(photographs))]
    for file, image in zip(files, photographs, strict=True):
        Image.fromarray(image).save(file)
    return files


def to_batch(photographs: np.ndarray) -> ImageBatch:
    return ImageBatch(photographs, np.zeros((len(photographs), 112, 112, 3), np.uint8))


def take(found: Features, rows: list[int]) -> Features:
    return {name: values[rows] for name, values in found.items()}


def test_faces_are_found_as_by_the_package(photographs: np.ndarray) -> None:
    found = [find_faces(image) for image in photographs]
    assert [faces.num_faces for faces in found] == [1, 1, 2, 0]
    assert [len(faces.crops) for faces in found] == [1, 1, 2, 1]
    whole = found[3].crops[0]
    np.testing.assert_allclose(whole[112, 112], np.array([60, 120, 90]) / 255, atol=1e-6)  # BGR


@pytest.mark.slow
def test_distances_and_verdicts_are_those_of_verify(
    package: Any, weights_dir: Path, photographs: np.ndarray, files: list[str]
) -> None:
    network = load_network(weights_dir, "vgg_face", CPU)
    seen = deepface.extract_embeddings(network, to_batch(photographs))
    pairs = [(0, 1), (1, 2), (3, 1)]
    sr, gt = (take(seen, [pair[side] for pair in pairs]) for side in (0, 1))
    found = verify(sr, gt)
    for row, pair in enumerate(pairs):
        wanted = package.verify(*(files[one] for one in pair), enforce_detection=False)
        assert found["ids"][row] == pytest.approx(
            wanted["distance"], rel=1e-5, abs=1e-6
        )  # of 6 digits
        assert found["idv"][row] == wanted["verified"]
    assert found["ids"].min() > 1e-3  # the untrained network does tell people apart


@pytest.mark.slow
@pytest.mark.parametrize("attribute", ["gender", "emotion", "race", "age"])
def test_classes_are_those_of_analyze(
    attribute: str, package: Any, weights_dir: Path, photographs: np.ndarray, files: list[str]
) -> None:
    name: Any = f"deepface_{attribute}"
    network = load_network(weights_dir, name, CPU)
    seen = deepface.extract_probabilities(network, name, to_batch(photographs))
    backwards = take(seen, [3, 2, 1, 0])
    compare = compare_ages if attribute == "age" else lambda *sides: compare_classes(name, *sides)
    found = compare(backwards, seen)
    for row, file in enumerate(files):
        faces = package.analyze(file, actions=(attribute,), enforce_detection=False, silent=True)
        largest = max(faces, key=lambda face: face["region"]["w"] * face["region"]["h"])
        if attribute == "age":
            assert int(found["gt_age"][row]) == largest["age"]
            assert found["age_diff"][row] == found["age_diff"][-1 - row]
            continue
        assert found[f"gt_{attribute}"][row] == largest[f"dominant_{attribute}"]
        wanted = np.array(list(largest[attribute].values())) / 100
        np.testing.assert_allclose(seen["probabilities"][row], wanted, rtol=1e-5)
    probabilities = seen["probabilities"]
    assert probabilities.std(axis=0).max() > 1e-4


@pytest.mark.slow
def test_neither_batch_nor_order_matters(weights_dir: Path, photographs: np.ndarray) -> None:
    # in float64: sums of float32 have another sixth digit in a batch of another size
    network = load_network(weights_dir, "vgg_face", CPU).double()
    network.register_forward_pre_hook(lambda _, inputs: tuple(x.double() for x in inputs))
    together = deepface.extract_embeddings(network, to_batch(photographs))
    backwards = deepface.extract_embeddings(network, to_batch(photographs[::-1].copy()))
    for row in range(len(photographs)):
        alone = deepface.extract_embeddings(network, to_batch(photographs[row : row + 1]))
        for other, place in ((backwards, -1 - row), (alone, 0)):
            assert other["num_faces"][place] == together["num_faces"][row]
            np.testing.assert_allclose(
                other["embeddings"][place], together["embeddings"][row], rtol=1e-6, atol=1e-8
            )


def test_faces_of_a_batch_are_found_once(
    photographs: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = to_batch(photographs)
    found = find_all_faces(batch)
    with monkeypatch.context() as patch:
        patch.setattr(deepface, "find_faces", lambda _: pytest.fail("searched again"))
        assert find_all_faces(batch) is found
    again = find_all_faces(to_batch(photographs[::-1].copy()))
    assert [faces.num_faces for faces in again] == [0, 2, 1, 1]  # another batch is not confused


def test_files_that_are_missing_or_of_another_network(
    tmp_path: Path, expect_refusal: Callable[..., None]
) -> None:
    name: Name = "deepface_emotion"
    path = tmp_path / FOLDER / KINDS[name].file
    wanted = f"{path}: no such file, wanted the weights of DeepFace, {name}"
    with pytest.raises(IdfsrError, match=f"^{re.escape(wanted)}$"):
        load_network(tmp_path, name, CPU)
    expect_refusal(path, b"PK" * 100, lambda: load_network(tmp_path, name, CPU))
    torch.save(nn.Linear(2, 3).state_dict(), path)
    with pytest.raises(IdfsrError, match="tensors of another network: 16 missing such as conv_1"):
        load_network(tmp_path, name, CPU)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    "name",
    [
        "deepface_emotion",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("vgg_face", "deepface_age")),
    ],
)
def test_both_engines_give_the_same(
    name: str,
    weights_dir: Path,
    photographs: np.ndarray,
    by_both_engines: Callable[..., list[Scores]],
) -> None:
    family = find_family(name)
    fast, library = by_both_engines(family, weights_dir, photographs[::-1].copy(), photographs)
    assert fast.columns.keys() == library.columns.keys()
    for column, wanted in fast.columns.items():
        found = library.columns[column]
        if column in ("gt_age", "sr_age"):
            assert np.array_equal(found, np.trunc(wanted))  # the package cuts years off
        elif wanted.dtype == np.float64:
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
        else:
            assert found.tolist() == wanted.tolist()
    assert library.columns["sr_num_faces"].tolist() == [0, 2, 1, 1]
