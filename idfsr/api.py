"""What other programs import: fit a person, restore a photograph, compare images.

docs/python.md shows each in a few lines. The names of this module stay; what they call may move.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from idfsr.config.landmarks import LandmarksConfig
from idfsr.config.metrics import MetricsConfig
from idfsr.config.weights import WeightsConfig
from idfsr.faces.detector import load_detector
from idfsr.io.places import assets_folder, locate
from idfsr.io.weights_list import weights_folder
from idfsr.metrics.engine.folders import pair_files, read_batches
from idfsr.metrics.engine.metric import Resources
from idfsr.metrics.engine.registry import drop_missing, find_families, find_metrics
from idfsr.metrics.engine.scoring import BATCH_SIZE, score_pairs
from idfsr.models.device import pick_device
from idfsr.photographs.choose import Wishes
from idfsr.photographs.fit import fit_person
from idfsr.photographs.networks import CONFIG, PhotographNetworks, load_photograph_networks
from idfsr.photographs.person import load_person, save_person
from idfsr.photographs.restore import restore_photograph
from idfsr.run.config import load_config

__all__ = [
    "Wishes",
    "default_resources",
    "fit_person",
    "load_networks",
    "load_person",
    "restore_photograph",
    "save_person",
    "score_folders",
]


def load_networks(config: Path = CONFIG) -> PhotographNetworks:
    """Load what `fit_person` and `restore_photograph` work with, on the GPU where there is one.

    Args:
        config: Settings of photographs, YAML.

    Raises:
        IdfsrError: A file is missing or not what it should be.
    """
    return load_photograph_networks(load_config(locate(config)), assets_folder(), pick_device())


def default_resources(settings: MetricsConfig) -> Resources:
    """Return what metrics are loaded from, where nothing else is named."""
    weights = WeightsConfig()
    return Resources(
        assets_folder(),
        weights_folder(),
        locate(weights.attributes),
        pick_device(),
        settings,
        locate(weights.id_encoder),
    )


def score_folders(
    gt: Path, sr: Path, names: Sequence[str], resources: Resources | None = None
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Compare restored images with their ground truth, file by file of one name.

    Args:
        gt: Folder of the ground truth.
        sr: Folder of the restored images.
        names: Of metrics, as `idfsr metrics --help` lists them.
        resources: What they are loaded from; None takes `default_resources`.

    Returns:
        A row an image with its name, identity and the metrics' columns, NaN where the weights of a
        metric are missing; and the metrics of the whole set by name.

    Raises:
        IdfsrError: A metric is unknown, or the folders do not hold the same images.
    """
    resources = resources or default_resources(MetricsConfig())
    pairs, landmarks = pair_files(gt, sr), LandmarksConfig()
    there, missing = drop_missing(names, resources.weights_dir)
    families = {
        name: family.by_engine(resources.settings) for name, family in find_families(there).items()
    }
    scorers = {name: family.load(resources) for name, family in families.items()}
    detector = None
    if any(family.of_faces for family in families.values()):
        detector = load_detector(landmarks, resources.assets_dir, resources.device)
    scores = score_pairs(
        scorers,
        read_batches(pairs, detector, landmarks.image_size, BATCH_SIZE),
        len(pairs),
        {name: None if family.of_truth else {} for name, family in families.items()},
    )
    columns = {name: values for one in scores.values() for name, values in one.columns.items()}
    rows = pd.DataFrame(
        {
            "name": [pair.name for pair in pairs],
            "identity": [pair.identity for pair in pairs],
            **{column: columns[column] for one in find_metrics(there) for column in one.columns},
            **{one.name: math.nan for one in find_metrics(missing) if one.kind != "set"},
        }
    )
    of_the_set = {name: value for one in scores.values() for name, value in one.of_the_set.items()}
    return rows, of_the_set
