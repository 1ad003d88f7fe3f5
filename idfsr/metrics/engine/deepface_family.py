"""What the families of DeepFace's networks share; each has a file and a network of its own."""

from functools import partial
from typing import Any, Final, Literal

from idfsr.config.scores import DeepfaceStage
from idfsr.metrics.engine.metric import Family, Metric, OfImages, OfPairs, Resources

Name = Literal["vgg_face", "deepface_age", "deepface_gender", "deepface_emotion", "deepface_race"]

NUM_FACES: Final = ("gt_num_faces", "sr_num_faces", "face_note")
"""Columns that say what DeepFace's detector found in both images."""


def seen(attribute: str) -> tuple[str, ...]:
    """Return the columns beside an agreement: what was seen in both images, and the faces."""
    return (f"gt_{attribute}", f"sr_{attribute}", *NUM_FACES)


def say_no_face(config: Any) -> str:
    """Say what is done where no face is found; `config` is the run's `MetricsConfig`."""
    if config.enforce_detection:
        return "Pairs with an image in which no face is found are left out; the paper does not say."
    return "Where no face is found the whole image is taken for one; the paper does not say."


def deepface_family(name: Name, *metrics: Metric) -> Family:
    """Make a family of the metrics of one of the networks."""
    return Family(
        metrics,
        partial(_load, name),
        of_truth=True,
        weights=f"published.{name}",
        settings=DeepfaceStage,
        by_package=partial(_load_own, name),
    )


def _load_own(name: Name, resources: Resources) -> OfPairs:
    from idfsr.metrics.engine.deepface_library import load_own

    return load_own(name, resources)


def _load(name: Name, resources: Resources) -> OfImages:
    from idfsr.metrics.engine import deepface
    from idfsr.metrics.engine.deepface_columns import (
        compare_ages,
        compare_classes,
        note_faces,
        verify,
    )

    network = deepface.load_network(resources.weights_dir, name, resources.device)
    enforced = resources.settings.enforce_detection
    if name == "vgg_face":
        extract = partial(deepface.extract_embeddings, network)
        return OfImages(extract, partial(note_faces, verify, enforce_detection=enforced))
    compare = compare_ages if name == "deepface_age" else partial(compare_classes, name)
    extract = partial(deepface.extract_probabilities, network, name)
    return OfImages(extract, partial(note_faces, compare, enforce_detection=enforced))
