"""Any metric of pyiqa by its name, e.g. `pyiqa:dists`: the library's own, run image by image.

What the library says of an image can depend on the others of its batch, on the device, and on
random crops. So each image is alone, on the CPU, and the generators of random numbers begin anew
for each. Weights come from where the library publishes them, into the folder of published weights;
their digests are not known here.
"""

import importlib.util
import math
import os
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from idfsr.errors import IdfsrError
from idfsr.io.weights_list import find_weights
from idfsr.metrics.engine.metric import (
    FAMILY_PREFIX,
    PREFIX,
    REAL,
    Columns,
    Family,
    Metric,
    OfPairs,
    Pairs,
    Resources,
)
from idfsr.metrics.engine.torch_types import Device

SEED: Final = 0
"""Of the crops, the same for every image."""

_NOT_OF_IMAGES: Final = (
    "FID", "InceptionScore", "CLIPScore", "QAlign", "QReAlign", "Compare2Score", "FGResQ",
)  # fmt: skip
"""Types that want folders, texts, other images or a model of languages."""

_LIBRARY_ERRORS: Final = (
    OSError, RuntimeError, ValueError, KeyError, ImportError, AssertionError, TypeError,
)  # fmt: skip
"""What the library raises where it cannot make a metric ready, e.g. without its weights."""


@cache
def known_metrics() -> dict[str, dict[str, Any]]:
    """Return what the library says of its metrics of images, by name; it itself is not imported."""
    package = importlib.util.find_spec("pyiqa")
    assert package is not None
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0]) / "default_model_configs.py"
    spec = importlib.util.spec_from_file_location("pyiqa_metrics", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        name: entry
        for name, entry in module.DEFAULT_CONFIGS.items()
        if entry["metric_opts"]["type"] not in _NOT_OF_IMAGES
    }


@cache
def pyiqa_family(name: str) -> Family:
    """Return the family of one metric of the library.

    Args:
        name: Of the metric, or of its family.

    Raises:
        IdfsrError: The library has none of this name.
    """
    own = name.removeprefix(PREFIX).removeprefix(FAMILY_PREFIX)
    entry = known_metrics().get(own)
    if entry is None:
        message = f"metrics: found {name}, wanted {PREFIX} and one of {', '.join(known_metrics())}"
        raise IdfsrError(message)
    with_truth = entry["metric_mode"] == "FR"
    metric = Metric(
        name=f"{PREFIX}{own}",
        title=f"{own} (pyiqa)",
        unit="",
        decimals=4,
        direction="lower" if entry.get("lower_better") else "higher",
        value_range=REAL,
        kind="pair" if with_truth else "image",
        note=(
            f"{own} (pyiqa): the package's own, image by image on the CPU with the same random "
            f"crops each time; its range is {entry.get('score_range')}."
        ),
    )
    load = partial(_load, own, with_truth=with_truth)
    return Family((metric,), load, weights=f"pyiqa.{own}")


def make_metric(name: str, weights_dir: Path, device: Device, **options: str) -> Any:
    """Make a metric of the library ready.

    Args:
        name: As the library calls it.
        weights_dir: Folder of the published weights.
        device: Where it is to compute.
        options: Of the metric, as the library has them.

    Raises:
        IdfsrError: It could not be made, e.g. for want of its weights.
    """
    hub = weights_dir / "hub"
    try:
        # torch.hub.set_dir could not be undone: a folder once set hides the variable for good
        with patch.dict(os.environ, {"TORCH_HOME": str(weights_dir)}):
            import pyiqa
            from pyiqa.utils import download_util

            with patch.object(download_util, "DEFAULT_CACHE_DIR", str(hub / "pyiqa")):
                return pyiqa.create_metric(name, device=device, **options)
    except _LIBRARY_ERRORS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        message = f"{PREFIX}{name}: could not be loaded ({reason}), wanted its files below {hub}"
        raise IdfsrError(message) from error


@contextmanager
def seeded() -> Iterator[None]:
    """Begin all generators of random numbers anew, and leave them as they were."""
    import torch

    state, numbers = random.getstate(), np.random.get_state()  # noqa: NPY002 - the library's own
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        random.seed(SEED)
        np.random.seed(SEED)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(state)
            np.random.set_state(numbers)  # noqa: NPY002


def _load(name: str, resources: Resources, *, with_truth: bool) -> OfPairs:
    import torch

    metric = make_metric(name, resources.weights_dir, torch.device("cpu"))
    return OfPairs(partial(score, metric, f"{PREFIX}{name}", with_truth=with_truth))


def load_own(name: str, file: str, option: str, resources: Resources) -> OfPairs:
    """Load one of the metrics that have a family of their own, for `metrics.engine: library`.

    Args:
        name: Of the metric, which is that of its column.
        file: Its weights, below the folder of published weights.
        option: Of the library, which names that file.
        resources: Of the family.

    Raises:
        IdfsrError: The file is missing or refused.
    """
    import torch

    path = find_weights(resources.weights_dir, file, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit.load is deprecated, and CLIP's file needs it
        metric = make_metric(
            name, resources.weights_dir, torch.device("cpu"), **{option: str(path)}
        )
    return OfPairs(partial(score, metric, name, with_truth=False))


def score(metric: Any, column: str, pairs: Pairs, *, with_truth: bool) -> Columns:
    """Fill the column of a metric, an image at a time.

    Args:
        metric: Of `make_metric`.
        column: Its name.
        pairs: A batch.
        with_truth: Whether it compares with the ground truth.
    """
    from idfsr.metrics.engine.unit_range import to_unit

    restored, truth = (to_unit(one.image).float() for one in (pairs.sr, pairs.gt))
    values = np.full(len(restored), math.nan)
    for row in range(len(restored)):
        images = [one[row : row + 1] for one in ((restored, truth) if with_truth else (restored,))]
        with seeded():
            values[row] = float(metric(*images))
    return {column: values}
