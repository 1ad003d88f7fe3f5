"""DeepFace's faces and networks, in batches (Serengil and Ozpinar 2020, 2021).

The package finds the faces of each image anew for every call, and asks its networks of one face at
a time. Here the faces of an image are found once, by the package's own functions with its defaults
(OpenCV's cascades, aligned by the eyes), and its own networks, with the weights that it publishes,
see them in batches. `idfsr.metrics.engine.deepface_columns` makes `verify` and `analyze` of that.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
import torch
from deepface.models.demography.DemographyUtils import EMOTION_LABELS, GENDER_LABELS, RACE_LABELS
from deepface.models.demography.pytorch.Age import AgeModel
from deepface.models.demography.pytorch.Emotion import EmotionModel
from deepface.models.demography.pytorch.Gender import GenderModel
from deepface.models.demography.pytorch.Race import RaceModel
from deepface.models.facial_recognition.pytorch.VGGFace import VggFaceBaseModel, VggFaceDescriptor
from deepface.modules import detection, preprocessing
from deepface.modules.exceptions import FaceNotDetected
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from idfsr.io.weights_list import find_weights
from idfsr.metrics.engine.deepface_family import Name
from idfsr.metrics.engine.metric import Features, ImageBatch
from idfsr.models.foreign import read_torch_tensors
from idfsr.models.weights import check_state
from idfsr.models.winograd import speed_up

FOLDER: Final = ".deepface/weights"
"""Of the package's weights, below the folder of published weights."""

SIZE: Final = 224
"""Of a face, in pixels: made to fit, black beside it."""
EMOTION_SIZE: Final = 48
"""Of the grey face that the network for emotions sees, in pixels."""


class Kind(NamedTuple):
    """One of the networks."""

    file: str
    build: Callable[[], nn.Module]
    classes: tuple[str, ...] = ()
    """Words for what it tells apart; none where it does not classify."""


KINDS: Final[dict[Name, Kind]] = {
    "vgg_face": Kind("vgg_face_weights.pth", VggFaceBaseModel),
    "deepface_age": Kind("age_model_weights.pth", AgeModel),
    "deepface_gender": Kind("gender_model_weights.pth", GenderModel, tuple(GENDER_LABELS)),
    "deepface_emotion": Kind(
        "facial_expression_model_weights.pth", EmotionModel, tuple(EMOTION_LABELS)
    ),
    "deepface_race": Kind("race_model_single_batch.pth", RaceModel, tuple(RACE_LABELS)),
}


class Faces(NamedTuple):
    """What the detector found in one image."""

    num_faces: int
    """0 where there was none and the whole image stands for one."""
    crops: Float[np.ndarray, "faces 224 224 3"]
    """Aligned, BGR in [0, 1]; at least one."""
    largest: int
    """Row of the largest face, by the area of its box."""


def find_faces(image: UInt8[np.ndarray, "H W 3"]) -> Faces:
    """Find and align the faces of an image as the package does by default.

    Args:
        image: RGB.
    """
    # Without it a TensorFlow that happens to be installed becomes the package's engine.
    os.environ["DEEPFACE_BACKEND_ENGINE"] = "pytorch"
    bgr = np.ascontiguousarray(image[..., ::-1])
    try:
        found = detection.extract_faces(bgr, detector_backend="opencv")
        num_faces = len(found)
    except FaceNotDetected:
        found = detection.extract_faces(bgr, detector_backend="skip")
        num_faces = 0
    crops = [
        preprocessing.resize_image(face["face"][..., ::-1], target_size=(SIZE, SIZE))
        for face in found
    ]
    areas = [face["facial_area"]["w"] * face["facial_area"]["h"] for face in found]
    return Faces(num_faces, np.concatenate(crops), int(np.argmax(areas)))


@lru_cache(maxsize=1)
def find_all_faces(batch: ImageBatch) -> list[Faces]:
    """Find the faces of a batch once for all networks that are asked of it in turn."""
    return [find_faces(image) for image in batch.image]


def _as_linear(convolution: nn.Conv2d) -> nn.Linear:
    """Return a convolution that covers its whole input as the matrix that it is."""
    weight = convolution.weight.flatten(1).contiguous()
    with torch.device("meta"):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.load_state_dict({"weight": weight, "bias": convolution.bias}, assign=True)
    return linear


def load_network(weights_dir: Path, name: Name, device: torch.device) -> nn.Module:
    """Load one of the package's networks, with faster ways to the same result.

    fc6 and fc7 of VGG-Face become matrices: as convolutions of 7 x 7 over 7 x 7 places they take
    as long as all other layers together, of one face. See `idfsr.models.winograd` for the others.

    Raises:
        IdfsrError: The file is missing, cut short, or of another network.
    """
    path = find_weights(weights_dir, f"{FOLDER}/{KINDS[name].file}", f"DeepFace, {name}")
    state = read_torch_tensors(path, f"the weights of DeepFace, {name}")
    with torch.device("meta"):
        network = KINDS[name].build()
    check_state(state, network.state_dict(), str(path))
    network.load_state_dict(state, assign=True)
    trunk = network if isinstance(network, VggFaceBaseModel) else getattr(network, "backbone", None)
    if trunk is not None:
        trunk.fc6 = nn.Sequential(nn.Flatten(), _as_linear(trunk.fc6))
        trunk.fc7 = _as_linear(trunk.fc7)
        if device.type == "cpu":
            speed_up(trunk)
    if isinstance(network, VggFaceBaseModel):
        network = VggFaceDescriptor(network)
    return network.eval().to(device).to(memory_format=torch.channels_last)


def _to_input(name: Name, crops: Float[np.ndarray, "B 224 224 3"]) -> Float[Tensor, "B C H W"]:
    """Return faces as a network wants them: in colour, or small and grey for the emotions."""
    if name == "deepface_emotion":
        size = (EMOTION_SIZE, EMOTION_SIZE)
        grey = [cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), size) for crop in crops]
        return torch.from_numpy(np.stack(grey)[:, None])
    # this view of channels that come last is what torch calls channels_last
    return torch.from_numpy(crops).permute(0, 3, 1, 2)


def run_network(
    network: nn.Module, name: Name, crops: Float[np.ndarray, "B 224 224 3"]
) -> Float[np.ndarray, "B D"]:
    """Return what one of the networks says of faces, as `Faces` holds them."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        values: np.ndarray = network(_to_input(name, crops).to(device)).cpu().numpy()
    return values


def extract_embeddings(network: nn.Module, batch: ImageBatch) -> Features:
    """Embed all faces of each image.

    Returns:
        "num_faces", see `Faces`; "embeddings", those of the faces one after the other.
    """
    found = find_all_faces(batch)
    values = run_network(network, "vgg_face", np.concatenate([faces.crops for faces in found]))
    ends = np.cumsum([len(faces.crops) for faces in found])
    embeddings = np.empty(len(found), dtype=object)
    for row, faces in enumerate(np.split(values, ends[:-1])):
        embeddings[row] = faces.ravel()
    return {"num_faces": _num_faces(found), "embeddings": embeddings}


def extract_probabilities(network: nn.Module, name: Name, batch: ImageBatch) -> Features:
    """Classify the largest face of each image.

    Returns:
        "num_faces", see `Faces`; "probabilities" of the classes, of ages those of 0 to 100 years.
    """
    found = find_all_faces(batch)
    values = run_network(network, name, np.stack([faces.crops[faces.largest] for faces in found]))
    return {"num_faces": _num_faces(found), "probabilities": values}


def _num_faces(found: list[Faces]) -> np.ndarray:
    return np.array([faces.num_faces for faces in found])
