"""What the workflow knows of the families of metrics of a run: settings, weights and code."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from idfsr.config.metrics import names_of_metrics
from idfsr.io.places import locate
from idfsr.io.provenance import code_digest
from idfsr.io.weights_list import read_manifest, weights_folder
from idfsr.metrics.engine.metric import Family
from idfsr.metrics.engine.registry import find_families, find_family, module_of
from idfsr.run.config import STAGES, Config


def metric_names(config: Config) -> tuple[str, ...]:
    """Return the metrics of a run, each once."""
    return names_of_metrics(config.metrics)


def families_of(config: Config) -> dict[str, Family]:
    """Return the families of a run's metrics by name, as its engine computes them.

    Raises:
        IdfsrError: A metric of the settings is none.
    """
    found = find_families(metric_names(config))
    return {name: family.by_engine(config.metrics) for name, family in found.items()}


def families_present(config: Config) -> list[str]:
    """Return the names of those families whose published weights are there."""
    return [
        name
        for name, family in families_of(config).items()
        if not family.weights.startswith("published.") or family_weights(name, config)
    ]


@cache
def _published_paths() -> dict[str, Path]:
    """Return the published files by name; the list is read once for all jobs."""
    return {name: weights_folder() / file.path for name, file in read_manifest().items()}


def family_stage(name: str) -> str:
    """Return the key of `STAGES` whose settings a family is given."""
    of_stage = {stage: key for key, stage in STAGES.items() if key.startswith("scores")}
    return of_stage[find_family(name).settings]


def settings_file(name: str, run: str) -> str:
    """Return the settings of a family: its own, or the empty ones that the others share."""
    return f"results/{run}/config/{family_stage(name)}.json"


def truth_features(name: str, config: Config) -> list[str]:
    """Return what a family's network says of the ground truth, where it is asked of that."""
    of_truth = families_of(config)[name].of_truth
    return [f"results/{config.run}/features/{name}/truth.parquet"] if of_truth else []


def scores(config: Config, method: str) -> list[str]:
    """Return the scores of one method in every family whose published weights are there."""
    folder = f"results/{config.run}/scores"
    return [f"{folder}/{family}/{method}.parquet" for family in families_present(config)]


def family_weights(name: str, config: Config) -> list[str]:
    """Return the weight files of a family, as far as they are there.

    Those of the asset packages are not among them: their digests are fixed and checked.
    """
    kind, _, key = find_family(name).weights.partition(".")
    if kind == "weights":
        return [str(locate(getattr(config.weights, key)))]
    if kind == "published":
        path = _published_paths()[key]
        return [str(path)] if path.is_file() else []
    return []


def weights_option(name: str, files: Sequence[str]) -> list[str]:
    """Return the option that gives a family a weight file that the run's settings name."""
    kind, _, key = find_family(name).weights.partition(".")
    return [f"--{key.replace('_', '-')}", *files] if kind == "weights" else []


@cache
def families_code(stage: str, *names: str) -> str:
    """Return the digest of a stage's code and of families, which it imports by name."""
    return code_digest(f"idfsr.stages.{stage}", *map(module_of, names))
