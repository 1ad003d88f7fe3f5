"""Every setting of a run, put together from the sections of `idfsr.config`.

A run is a YAML file that overlays these defaults (`config/*.yaml`). The workflow validates it once
and gives each stage only the sections it needs, as a JSON file of its own (`STAGES`), so that a
change of the evaluation settings does not rerun a training. "The paper does not say" marks a
default that the paper leaves open and names the record in docs/decisions/ that has our reasons.
"""

import dataclasses
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from idfsr.config.damages import DamagesStage
from idfsr.config.dataset import DatasetConfig, IndexConfig, IndexStage
from idfsr.config.figures import (
    CountsConfig,
    CountsStage,
    PaperFiguresConfig,
    PaperFiguresStage,
)
from idfsr.config.fit import FitConfig, FitStage
from idfsr.config.landmarks import LandmarksConfig, LandmarksStage
from idfsr.config.leaks import LeaksStage
from idfsr.config.lr_detector import LrDetectorConfig
from idfsr.config.metrics import MetricsConfig, TablesStage
from idfsr.config.model import ModelConfig
from idfsr.config.networks import NetworkStage
from idfsr.config.pretrain import PretrainConfig, PretrainStage
from idfsr.config.probes import ProbesConfig, ProbesStage
from idfsr.config.quality import QualityConfig, QualityStage
from idfsr.config.report import FiguresStage, ReportConfig
from idfsr.config.restore import RestoreConfig, RestoreStage
from idfsr.config.scores import DeepfaceStage, EngineStage, JoinStage, ScoresStage, SfaceStage
from idfsr.config.shards import ShardsConfig, ShardsStage
from idfsr.config.split import SplitConfig, SplitStage
from idfsr.config.stage import first_mistake
from idfsr.config.synthref import SynthrefConfig, SynthrefStage
from idfsr.config.training import TrainConfig
from idfsr.config.types import Count, EachOnce, Seed, section
from idfsr.config.weights import WeightsConfig
from idfsr.errors import IdfsrError
from idfsr.io.weights_list import lacking_files, weights_folder
from idfsr.io.yaml_files import read_yaml
from idfsr.methods.engine.registry import (
    declare_folder,
    find_method,
    is_method,
    method_names,
    missing_packages,
    own_methods,
    own_settings,
)
from idfsr.metrics.engine.registry import find_metrics
from idfsr.run.contradictions import contradictions
from idfsr.run.folder_methods import FolderMethod, with_folders
from idfsr.sealed_json import seal
from idfsr.training.networks import find_network, network_names


def _known_method(name: str) -> str:
    if not is_method(name):
        message = f"wanted one of {', '.join(method_names())}"
        raise ValueError(message)
    return name


def _known_network(name: str) -> str:
    names = [name for name in network_names() if find_network(name).stage is NetworkStage]
    if name not in names:
        message = f"wanted one of {', '.join(names)}"
        raise ValueError(message)
    return name


NetworkName = Annotated[str, AfterValidator(_known_network)]
MethodName = Annotated[str, AfterValidator(_known_method)]


@section
class Config:
    """A run."""

    run: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")] = "demo"
    """Name of the run: everything it makes stands in results/<run>/."""
    seed: Seed = 0
    identities_per_job: Count = 1
    """People that one job fits or restores one after another; more save a cluster's overhead."""
    methods: Annotated[tuple[MethodName, ...], Field(min_length=1), EachOnce] = (
        "bicubic",
        "idfsr-pt",
        "idfsr-mean",
        "idfsr-ft",
    )
    """Rows of the tables, in this order; those of other packages too (docs/add-a-method.md), and
    images that were restored elsewhere, as {name: mine, folder: ...} (docs/exchange.md). In a file,
    `available` stands for all of this package whose weights are there."""
    dataset: DatasetConfig = DatasetConfig()
    index: IndexConfig = IndexConfig()
    synthref: SynthrefConfig = SynthrefConfig()
    landmarks: LandmarksConfig = LandmarksConfig()
    quality: QualityConfig = QualityConfig()
    split: SplitConfig = SplitConfig()
    lr_detector: LrDetectorConfig = LrDetectorConfig()
    shards: ShardsConfig = ShardsConfig()
    model: ModelConfig = ModelConfig()
    pretrain: PretrainConfig = PretrainConfig()
    networks: dict[NetworkName, TrainConfig] = Field(default_factory=dict)
    """Trainings of the small networks of the embedded default; see `idfsr.training.networks`."""
    fit: FitConfig = FitConfig()
    restore: RestoreConfig = RestoreConfig()
    method_settings: dict[MethodName, dict[str, Any]] = Field(default_factory=dict)
    """Settings of one method alone, by its name; docs/baselines.md says which have some."""
    probes: ProbesConfig = ProbesConfig()
    metrics: MetricsConfig = MetricsConfig()
    report: ReportConfig = ReportConfig()
    figures: PaperFiguresConfig = PaperFiguresConfig()
    counts: CountsConfig = CountsConfig()
    weights: WeightsConfig = WeightsConfig()

    @model_validator(mode="before")
    @classmethod
    def _declare_folders(cls, values: Any) -> Any:
        """Make the names of folders known before the names of methods are looked at."""
        own = values.get("method_settings") if isinstance(values, dict) else None
        for name, settings in own.items() if isinstance(own, dict) else ():
            declare_folder(name, settings)
        return values


STAGES: dict[str, Any] = {
    "synthref": SynthrefStage,
    "index": IndexStage,
    "landmarks": LandmarksStage,
    "quality": QualityStage,
    "split": SplitStage,
    "shards": ShardsStage,
    **{f"train-{name}": find_network(name).stage for name in network_names()},
    "pretrain": PretrainStage,
    "fit": FitStage,
    "probes": ProbesStage,
    "scores": ScoresStage,
    "scores-sface": SfaceStage,
    "scores-engine": EngineStage,
    "scores-deepface": DeepfaceStage,
    "metrics": JoinStage,
    "leaks": LeaksStage,
    "tables": TablesStage,
    "report": FiguresStage,
    "figures": PaperFiguresStage,
    "counts": CountsStage,
    "damages": DamagesStage,
    "page": Config,
}
"""What each stage is given: the settings that its file holds, no more and no fewer. Beside these
each method has a stage of its own, restore-<method>, which is given `RestoreStage`."""

AVAILABLE: Final = "available"

_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?[eE][0-9]{1,2}")

BORROWED: dict[str, dict[str, str]] = {
    "train-lr_detector": {
        "network": "lr_detector",
        "gt_size": "shards.image_size",
        "score_threshold": "landmarks.score_threshold",
    },
    "shards": {"search_size": "lr_detector.image_size"},
    "damages": {"search_size": "lr_detector.image_size"},
}
"""What a stage is given under a name of its own, and where it stands: a section, or a single value
of another stage's section, for the rest of which it does not run again."""


def method_settings(config: Config, name: str) -> dict[str, Any]:
    """Return all of a method's own settings, in JSON's types; none if it has none.

    Raises:
        IdfsrError: One is not what it should be, or there is no such method.
    """
    method = find_method(name)
    owner = method.settings_of or name
    own = own_settings(name, config.method_settings.get(owner, {}), f"method_settings.{owner}")
    section = method.settings
    return TypeAdapter(section).dump_python(own, mode="json") if section else {}


def _with_all_settings(config: Config) -> Config:
    """Return the run with all settings of its methods, those that have their default too.

    Raises:
        IdfsrError: See `method_settings`; or a name shares another method's settings.
    """
    for name in config.method_settings:
        if owner := find_method(name).settings_of:
            message = f"method_settings.{name}: shares its settings, wanted method_settings.{owner}"
            raise IdfsrError(message)
    owners = [find_method(name).settings_of or name for name in config.methods]
    found = {name: method_settings(config, name) for name in (*owners, *config.method_settings)}
    return dataclasses.replace(
        config, method_settings={name: own for name, own in found.items() if own}
    )


def _with_methods(values: dict[str, Any]) -> dict[str, Any]:
    """Replace `methods: available` by the methods of this package whose weights are there."""
    if values.get("methods") != AVAILABLE:
        return values
    weights = values.get("weights")
    manifest = Path(TypeAdapter(WeightsConfig).validate_python(weights or {}).baselines)
    folder = weights_folder(manifest)
    names = [
        name
        for name in own_methods()
        if not missing_packages([name]) and not lacking_files([name], folder, manifest)
    ]
    ordered = sorted(names, key=lambda name: (name != "bicubic", name.startswith("idfsr")))
    return {**values, "methods": ordered}


def _numbers(values: Any) -> Any:
    """Make numbers of texts such as "1.0e6": YAML wants a sign after the e."""
    if isinstance(values, dict):
        return {name: _numbers(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [_numbers(value) for value in values]
    return float(values) if isinstance(values, str) and _NUMBER.fullmatch(values) else values


def parse_config(values: dict[str, Any], source: str) -> Config:
    """Validate a run's settings.

    Args:
        values: The overlay: sections and fields that differ from the defaults.
        source: What to call it in an error, e.g. the file's name.

    Raises:
        IdfsrError: An unknown key, a wrong type, a value out of bounds or a contradiction; names
            the dotted path.
    """
    try:
        named = with_folders(_with_methods(values))
        config = TypeAdapter(Config).validate_python(_numbers(named))
        config = _with_all_settings(config)
        metrics = config.metrics
        find_metrics((*metrics.table1, *metrics.table2, *metrics.recognisers))
    except ValidationError as error:
        message = f"{source}: {first_mistake(error)}"
        raise IdfsrError(message) from None
    except IdfsrError as error:
        message = f"{source}: {error}"
        raise IdfsrError(message) from None
    for contradiction in contradictions(config):
        message = f"{source}: {contradiction}"
        raise IdfsrError(message)
    return config


def check_files(paths: Iterable[Path | str]) -> None:
    """Check settings files that Snakemake has read, for what its own reader lets pass.

    Raises:
        IdfsrError: A key stands twice; see `read_yaml`.
    """
    for path in paths:
        read_yaml(Path(path), "a run's settings")


def load_config(path: Path) -> Config:
    """Read a run's YAML file; see `parse_config`."""
    values = read_yaml(path, "a run's settings such as config/demo.yaml")
    if not isinstance(values, dict):
        message = f"{path}: found {type(values).__name__}, wanted a mapping of sections"
        raise IdfsrError(message)
    return parse_config(values, str(path))


def stage_settings(config: Config, stage: str) -> Any:
    """Return what a stage is given.

    Args:
        config: Of the run.
        stage: A key of `STAGES`, or restore-<method>.

    Returns:
        The stage's own record, e.g. `idfsr.config.fit.FitStage`.
    """
    dumped = TypeAdapter(Config).dump_python(config, mode="json")
    kind, _, name = stage.partition("-")
    if stage != "page":  # words for the report, for which nothing else runs again
        dumped["dataset"] |= {"consent": "", "licence": ""}
    if kind == "train":
        dumped["network"] = dumped["networks"].get(name, {})
    for field, path in BORROWED.get(stage, {}).items():
        section, _, value = path.partition(".")
        dumped[field] = dumped[section][value] if value else dumped[section]
    if kind in ("scores", "metrics"):
        dumped = dumped["metrics"]
    if kind == "restore":
        dumped["method"] = method_settings(config, name)
        averages = "mean_z_id" in find_method(name).needs
        dumped["num_fit_images"] = config.fit.num_images if averages else 0
    record = RestoreStage if kind == "restore" else STAGES[stage]
    fields = [field.name for field in dataclasses.fields(record)]
    return TypeAdapter(record).validate_python({field: dumped[field] for field in fields})


def stage_json(config: Config, stage: str) -> str:
    """Return what a stage is given as sorted JSON of a single line, with its digest."""
    given = stage_settings(config, stage)
    values = TypeAdapter(type(given)).dump_python(given, mode="json")
    return json.dumps(seal(values), sort_keys=True)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a run's settings, with every default, bound and meaning."""
    schema = TypeAdapter(Config).json_schema()
    names = schema["properties"]["methods"]
    names["items"] = {"anyOf": [names["items"], TypeAdapter(FolderMethod).json_schema()]}
    array = {key: names.pop(key) for key in ("type", "items", "minItems")}
    names["anyOf"] = [array, {"const": AVAILABLE}]
    sections: dict[str, Any] = {}
    for name, method in own_methods().items():
        if method.settings and not method.settings_of:
            sections[name] = TypeAdapter(method.settings).json_schema()
            schema["$defs"] |= sections[name].pop("$defs", {})
    schema["properties"]["method_settings"]["properties"] = sections
    return schema
