"""Metrics out of what a network says of each image by itself, which is kept between runs."""

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from idfsr.io.assets import ASSETS
from idfsr.io.tensors import to_network
from idfsr.metrics.attributes import compare_attributes
from idfsr.metrics.brisque.regression import brisque, load_brisque
from idfsr.metrics.clipiqa import network as clipiqa
from idfsr.metrics.engine import deepface
from idfsr.metrics.engine.deepface import FaceFinder
from idfsr.metrics.engine.deepface_columns import (
    Compare,
    compare_ages,
    compare_classes,
    note_faces,
    verify,
)
from idfsr.metrics.engine.features import Extractor, Feature, Features, ImageBatch
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.inception import network as inception
from idfsr.metrics.musiq import network as musiq
from idfsr.metrics.sface.distance import identity_distance, same_identity
from idfsr.metrics.sface.network import load_sface
from idfsr.models.attributes import load_attributes
from idfsr.models.weights import model_digest
from idfsr.run.provenance import code_digest

Load = Callable[[Path, torch.device], Any]
Score = Callable[[Any, Tensor], Tensor]


@dataclass(frozen=True)
class Resources:
    """What scorers are made of."""

    assets_dir: Path
    """Folder of the asset packages."""
    weights_dir: Path
    """Folder of the published weights."""
    attributes: Path
    """Weights of the embedded attribute network."""
    idv_threshold: float
    """Largest SFace distance of one person."""
    enforce_detection: bool
    """Whether DeepFace's metrics leave out images without a face; see `note_faces`."""
    device: torch.device
    finder: FaceFinder = field(default_factory=FaceFinder)
    """Shared by DeepFace's networks, so that each image is searched once."""


@dataclass(frozen=True)
class Comparison:
    """Columns out of the features of restored images and of their ground truths."""

    extractor: Extractor
    compare: Compare
    of_truth: bool = True
    """Whether the ground truth is asked too; else there are no features of it."""


def _engine(weights: str, module: str, device: torch.device, *packages: str) -> str:
    """Return all that the answers of a network depend on beside the image.

    Args:
        weights: Their digest.
        module: Of this package, which runs the network.
        device: That it runs on.
        packages: Libraries whose code it is.
    """
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("torch", *packages)]
    return ", ".join((weights, code_digest(module), device.type, *versions))


def _rows(**values: Tensor) -> list[Feature]:
    """Turn arrays with a row an image into a feature an image."""
    arrays = [tensor.cpu().numpy() for tensor in values.values()]
    return [dict(zip(values, row, strict=True)) for row in zip(*arrays, strict=True)]


def load_brisque_comparison(resources: Resources) -> Comparison:
    """Fill the column brisque."""
    model = load_brisque(resources.assets_dir)

    def extract(batch: ImageBatch) -> list[Feature]:
        return _rows(score=brisque(to_unit(batch.image), model))

    digest = _engine(
        ASSETS["brisque"].sha256, "idfsr.metrics.brisque.regression", torch.device("cpu")
    )
    return _image_score("brisque", digest, extract)


def load_pyiqa_comparison(
    module: ModuleType, load: Load, score: Score, resources: Resources
) -> Comparison:
    """Fill the column of one of pyiqa's networks.

    Args:
        module: Of this package, which runs the network.
        load: Its loader.
        score: Its function of network and images.
        resources: See `Resources`.
    """
    network = load(resources.weights_dir, resources.device)

    def extract(batch: ImageBatch) -> list[Feature]:
        return _rows(score=score(network, to_unit(batch.image)))

    weights = model_digest(resources.weights_dir / module.WEIGHTS)
    digest = _engine(weights, module.__name__, resources.device, "pyiqa")
    return _image_score(module.__name__.split(".")[-2], digest, extract)


def _image_score(
    name: str, digest: str, extract: Callable[[ImageBatch], list[Feature]]
) -> Comparison:
    """Make a column of a score of the restored image alone."""
    return Comparison(
        Extractor(name, digest, extract), lambda sr, _: {name: sr["score"]}, of_truth=False
    )


def load_inception_comparison(resources: Resources) -> Comparison:
    """Give the features of which FID and KID are made."""
    network = inception.load_inception(resources.weights_dir, resources.device)

    def extract(batch: ImageBatch) -> list[Feature]:
        features = inception.inception_features(network, to_unit(batch.image))
        return _rows(features=features.float())  # the precision that the network has

    def compare(sr: Features, gt: Features) -> dict[str, np.ndarray]:
        return {"sr_inception": sr["features"], "gt_inception": gt["features"]}

    weights = model_digest(resources.weights_dir / inception.WEIGHTS)
    digest = _engine(weights, "idfsr.metrics.inception.network", resources.device, "pytorch-fid")
    return Comparison(Extractor("inception", digest, extract), compare)


def load_sface_comparison(resources: Resources) -> Comparison:
    """Fill the columns ids_sface and idv_sface."""
    network = load_sface(resources.assets_dir, resources.device)

    def extract(batch: ImageBatch) -> list[Feature]:
        return _rows(embedding=network(to_unit(batch.crop).to(resources.device)))

    def compare(sr: Features, gt: Features) -> dict[str, np.ndarray]:
        distance = identity_distance(*(torch.from_numpy(one["embedding"]) for one in (sr, gt)))
        passed = same_identity(distance, resources.idv_threshold)
        return {"ids_sface": distance.numpy(), "idv_sface": passed.double().numpy()}

    digest = _engine(ASSETS["sface"].sha256, "idfsr.metrics.sface.network", resources.device)
    return Comparison(Extractor("sface", digest, extract), compare)


def load_attributes_comparison(resources: Resources) -> Comparison:
    """Fill the columns of the embedded attributes."""
    network = load_attributes(resources.attributes, resources.device)

    def extract(batch: ImageBatch) -> list[Feature]:
        return _rows(**network.predict(to_network(batch.crop)))

    digest = _engine(
        model_digest(resources.attributes), "idfsr.models.attributes", resources.device
    )
    return Comparison(Extractor("attributes", digest, extract), compare_attributes)


def load_deepface_comparison(name: deepface.Name, resources: Resources) -> Comparison:
    """Fill the columns of one of DeepFace's networks."""
    network = deepface.load_network(resources.weights_dir, name, resources.device)
    extract: Callable[[ImageBatch], list[Feature]]
    compare: Compare
    if name == "vgg_face":
        extract = partial(deepface.extract_embeddings, resources.finder, network)
        compare = verify
    else:
        extract = partial(deepface.extract_probabilities, resources.finder, network, name)
        compare = compare_ages if name == "deepface_age" else partial(compare_classes, name)
    file = resources.weights_dir / deepface.FOLDER / deepface.KINDS[name].file
    digest = _engine(
        model_digest(file), "idfsr.metrics.engine.deepface", resources.device, "deepface"
    )
    return Comparison(
        Extractor(name, digest, extract),
        partial(note_faces, compare, enforce_detection=resources.enforce_detection),
    )


COMPARISONS: Final[dict[str, Callable[[Resources], Comparison]]] = {
    "brisque": load_brisque_comparison,
    "clipiqa": partial(load_pyiqa_comparison, clipiqa, clipiqa.load_clipiqa, clipiqa.clipiqa),
    "musiq": partial(load_pyiqa_comparison, musiq, musiq.load_musiq, musiq.musiq),
    "inception": load_inception_comparison,
    "sface": load_sface_comparison,
    "attributes": load_attributes_comparison,
    **{name: partial(load_deepface_comparison, name) for name in deepface.KINDS},
}
"""Name to what loads the comparison."""
