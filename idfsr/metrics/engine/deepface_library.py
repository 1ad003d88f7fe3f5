"""`DeepFace.verify` and `DeepFace.analyze` as they are, for `metrics.engine: library`."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
from jaxtyping import UInt8

from idfsr.metrics.engine.deepface import FOLDER, KINDS
from idfsr.metrics.engine.deepface_columns import note_faces
from idfsr.metrics.engine.deepface_family import Name
from idfsr.metrics.engine.metric import Columns, OfPairs, Pairs, Resources
from idfsr.metrics.engine.own_calls import own_file, own_places

_OWN_NAMES: Final[dict[Name, tuple[str, str]]] = {
    "vgg_face": ("VGG-Face", "facial_recognition"),
    "deepface_age": ("Age", "facial_attribute"),
    "deepface_gender": ("Gender", "facial_attribute"),
    "deepface_emotion": ("Emotion", "facial_attribute"),
    "deepface_race": ("Race", "facial_attribute"),
}
"""What the package calls each network, and its task."""

Image = UInt8[np.ndarray, "H W 3"]
"""Blue first, as the package takes arrays."""

Ask = Callable[[Image, Image], dict[str, Any]]
"""Fills a row of the columns from the restored image and its ground truth."""


def load_own(name: Name, resources: Resources) -> OfPairs:
    """Let the package load one of its networks.

    Raises:
        IdfsrError: Its file is missing or refused.
    """
    with own_file(resources.weights_dir, f"{FOLDER}/{KINDS[name].file}", f"DeepFace, {name}"):
        from deepface import DeepFace

        DeepFace.build_model(*_OWN_NAMES[name])
    if name == "vgg_face":
        ask: Ask = partial(_verify, DeepFace)
    else:
        ask = partial(_analyze, DeepFace, name.removeprefix("deepface_"))

    def score(pairs: Pairs) -> Columns:
        sr_images, gt_images = (
            [np.ascontiguousarray(image[..., ::-1]) for image in one.image]
            for one in (pairs.sr, pairs.gt)
        )
        with own_places(resources.weights_dir):
            rows = [ask(*pair) for pair in zip(sr_images, gt_images, strict=True)]
            sr, gt = (
                {"num_faces": np.array([_count_faces(DeepFace, one) for one in images])}
                for images in (sr_images, gt_images)
            )
        columns = {key: _to_column([row[key] for row in rows]) for key in rows[0]}
        enforced = resources.settings.enforce_detection
        return note_faces(lambda *_: columns, sr, gt, enforce_detection=enforced)

    return OfPairs(score)


def _to_column(values: list[Any]) -> np.ndarray:
    return np.array(values, dtype=object if isinstance(values[0], str) else np.float64)


def _verify(package: Any, sr: Image, gt: Image) -> dict[str, Any]:
    said = package.verify(sr, gt, enforce_detection=False, silent=True)
    return {"ids": said["distance"], "idv": float(said["verified"])}


def _analyze(package: Any, attribute: str, sr: Image, gt: Image) -> dict[str, Any]:
    """Compare what the package says of the largest face of both images."""
    key = attribute if attribute == "age" else f"dominant_{attribute}"
    sr_said, gt_said = (
        max(
            package.analyze(image, actions=(attribute,), enforce_detection=False, silent=True),
            key=lambda face: face["region"]["w"] * face["region"]["h"],
        )[key]
        for image in (sr, gt)
    )
    if attribute == "age":
        return {"age_diff": abs(sr_said - gt_said), "gt_age": gt_said, "sr_age": sr_said}
    return {
        f"acc_{attribute}": float(sr_said == gt_said),
        f"gt_{attribute}": gt_said,
        f"sr_{attribute}": sr_said,
    }


def _count_faces(package: Any, image: Image) -> int:
    from deepface.modules.exceptions import FaceNotDetected

    try:
        return len(package.extract_faces(image))
    except FaceNotDetected:
        return 0
