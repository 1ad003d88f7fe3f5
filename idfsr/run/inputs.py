"""What a run needs that no rule makes: images, weight files and packages."""

import dataclasses
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from idfsr.config.dataset import DatasetConfig
from idfsr.dataset.listing import contents_digest, files_digest
from idfsr.dataset.packed import find_reader, is_packed
from idfsr.errors import IdfsrError
from idfsr.io.id_encoders import id_dim_of
from idfsr.io.places import locate
from idfsr.io.published import find_other_files
from idfsr.io.restored_folder import digest_images
from idfsr.io.weights_list import (
    MANIFEST,
    PublishedFile,
    lacking_files,
    read_lists,
    read_manifest,
    weights_folder,
)
from idfsr.methods.engine.registry import FOLDER, method_modules, missing_packages
from idfsr.run.config import Config
from idfsr.run.families import families_of, metric_names

published_files = cache(read_manifest)
"""A list of weights by name; it is read once for all jobs."""

images_digest = cache(digest_images)
"""Of a folder of images that were restored elsewhere; they are read once for all jobs."""

MADE: Final = Path("results")
"""Folder of the files that rules make."""
EMBEDDED: Final = "embedded"
"""Run that makes the weights of the package; its rules stand beside those of every run."""


@contextmanager
def one_line_each() -> Iterator[None]:
    """End with the lines of a mistake and status 2; Snakemake would add a traceback."""
    try:
        yield
    except IdfsrError as error:
        print(error, file=sys.stderr)  # noqa: T201 - nothing is logged yet
        sys.exit(2)


def named_weights(config: Config) -> dict[str, Path]:
    """Return the weight files that settings name, by the setting; those that no rule makes."""
    named = {f"weights.{name}": path for name, path in dataclasses.asdict(config.weights).items()}
    named["landmarks.weights"] = config.landmarks.weights
    return {
        name: locate(path)
        for name, path in named.items()
        if isinstance(path, str)
        and path
        and Path(path).parts[:2] not in ((MADE.name, config.run), (MADE.name, EMBEDDED))
    }


def image_folders(config: Config) -> dict[str, Path]:
    """Return the folders of a run's methods whose images were restored elsewhere, by method."""
    return {
        name: Path(config.method_settings[name]["folder"])
        for name in config.methods
        if method_modules(name) == (FOLDER,)
    }


def folder_arguments(config: Config, method: str, scale_factor: int) -> list[str]:
    """Return what a restoration is told of its method's images; nothing where there are none."""
    folder = image_folders(config).get(method)
    return ["--images", images_digest(folder, scale_factor)] if folder else []


def listed_weights(config: Config) -> dict[Path, PublishedFile]:
    """Return both lists of weights of a run: path to what was published."""
    return read_lists(dict.fromkeys((Path(config.weights.baselines), MANIFEST)))


def used_weights(config: Config) -> list[str]:
    """Return the weight files of a run that are there, of methods, metrics and settings."""
    names = set(metric_names(config))
    paths = [
        *baseline_weights(config, config.methods),
        *weights_there(names, MANIFEST),
        *map(str, named_weights(config).values()),
    ]
    return [path for path in dict.fromkeys(paths) if path != str(locate(config.weights.baselines))
            and Path(path).is_file()]  # fmt: skip


def _missing_images(dataset: DatasetConfig) -> Iterator[str]:
    root, references = Path(dataset.root), Path(dataset.references)
    if dataset.kind == "casia_webface" and is_packed(dataset):
        for path in (root, root.with_suffix(".idx")):
            if not path.is_file():
                yield f"{path}: no such file, wanted records of MXNet (dataset.root)"
    elif dataset.kind != "synthref" and not root.is_dir():
        yield f"{root}: no such folder, wanted images (dataset.root)"
    if dataset.kind == "ref_ldm" and not references.is_file():
        yield f"{references}: no such file, wanted a table (dataset.references)"


def _missing(config: Config) -> Iterator[str]:
    yield from _missing_images(config.dataset)
    listed = listed_weights(config)
    for name, path in named_weights(config).items():
        if not path.is_file():
            source = f", from {listed[path].source}" if path in listed else ""
            yield f"{path}: no such file, wanted weights ({name}){source}"
    id_encoder = locate(config.weights.id_encoder)
    found = id_dim_of(id_encoder) if id_encoder.is_file() else config.model.id_dim
    if found != config.model.id_dim:
        wanted = f"wanted model.id_dim, {config.model.id_dim}"
        yield f"{id_encoder}: found z_id of {found} numbers, {wanted}"
    for name, folder in image_folders(config).items():
        if not folder.is_dir():
            wanted = "restored images, x<scale factor>/<person>/<image>.png"
            yield f"{folder}: no such folder, wanted {wanted} (method {name})"
    yield from missing_packages(config.methods)
    manifest = Path(config.weights.baselines)
    if locate(manifest).is_file():
        lacking = lacking_files(config.methods, weights_folder(manifest), manifest)
        yield from lacking
        if lacking:
            yield "methods: available runs those whose weights are there, without the others"


def check_inputs(config: Config) -> None:
    """Check that the images, weight files and packages of a run are there, and are the right ones.

    Args:
        config: Of the run. Its paths are relative to the working directory.

    Raises:
        IdfsrError: A metric is unknown, something is missing, or a weight file is another one than
            its authors published and `weights.other_files` does not say that this is wanted: a line
            for each.
    """
    families_of(config)
    problems = list(_missing(config))
    if not config.weights.other_files:
        used, listed = used_weights(config), listed_weights(config)
        other = find_other_files({path: listed[path] for path in map(Path, used) if path in listed})
        problems += other
        if other:
            problems.append("weights.other_files: true goes on with such files, and the tables say")
    if problems:
        raise IdfsrError("\n".join(problems))


def photographs_digest(config: Config) -> str:
    """Digest the photographs that no rule makes; "" where a rule renders or unpacks them.

    Raises:
        IdfsrError: See `contents_digest`.
    """
    if config.dataset.kind == "synthref" or is_packed(config.dataset):
        return ""
    return contents_digest(Path(config.dataset.root), MADE / config.run / "listing.tsv")


def sources_digest(config: Config) -> str:
    """Digest the files of a data set that is unpacked."""
    reader = find_reader(config.dataset)
    assert reader is not None
    listing = MADE / config.run / "unpacked/listing.tsv"
    return files_digest(reader.source_files(config.dataset), listing)


def weights_there(names: Iterable[str], manifest: Path) -> list[str]:
    """Return the files of a list that some metrics or methods need and that are there.

    A file that comes later is then a new input of their jobs, which run again.

    Args:
        names: Of metrics or methods.
        manifest: The list.
    """
    wanted = set(names)
    paths = [
        weights_folder(manifest) / file.path
        for file in published_files(manifest).values()
        if not wanted.isdisjoint(file.needed_by)
    ]
    return list(dict.fromkeys(str(path) for path in paths if path.is_file()))


def baseline_weights(config: Config, methods: Iterable[str]) -> list[str]:
    """Return the weights of some baselines that are there."""
    return weights_there(methods, Path(config.weights.baselines))


def trained_weights(config: Config) -> list[str]:
    """Return the weights of a run's methods that may say how they were trained."""
    files = [*baseline_weights(config, config.methods), str(locate(config.weights.idfsr))]
    return [path for path in files if path.endswith(".safetensors")]


def missing_metrics(config: Config) -> list[str]:
    """Return a line for each missing weight file of metrics, whose columns will stay empty."""
    lacking = lacking_files(metric_names(config), weights_folder())
    return [f"{line}: without it those columns stay empty" for line in lacking]
