"""Which judge of a run knows what it judges: networks that a method was made with, and their data.

A metric is no fair judge of a method that was trained against its network or is given what that
network says; nor of one whose network has seen the test images. What each network is, what it was
trained on and against stands with its weights (config/weights.yaml, `idfsr.io.assets`), what a
method takes in the method's file, and who is in a data set with the data set.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from idfsr.config.dataset import DATA_SETS, DataSet
from idfsr.config.leaks import LeaksStage
from idfsr.constants import MARKS
from idfsr.io.assets import ASSETS
from idfsr.io.places import locate
from idfsr.io.weights_list import MANIFEST, PublishedFile, read_lists, read_manifest
from idfsr.methods.engine.contract import Method
from idfsr.methods.engine.registry import find_method
from idfsr.metrics.engine.metric import Family
from idfsr.metrics.engine.registry import find_families

published_files = cache(read_manifest)
"""A list of weights by name; it is read once."""

OWN_LIST: Final = Path("idfsr/weights/weights.yaml")
SETTING: Final = "weights."
"""Before the name of a setting that names a weight file."""


@dataclasses.dataclass(frozen=True)
class Network:
    """What is known of a network."""

    name: str
    trained_on: tuple[str, ...] = ()
    trained_against: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Leak:
    """A value of the tables that is not to be trusted as it stands."""

    method: str
    metric: str
    marks: str
    """Of `MARKS`."""


@dataclasses.dataclass(frozen=True)
class Role:
    """A row of the matrix: what a network does in a run, and what it has seen."""

    network: str
    part_of: str
    """Methods that it is a part of."""
    condition: str
    """Methods that are given what it says."""
    loss: str
    """Methods that were trained against it."""
    judge: str
    """Metrics that ask it."""
    trained_on: str
    marks: str
    """Of `MARKS`, those of all values that it makes not to be trusted."""


def data_set(config: LeaksStage) -> DataSet:
    """Return what is known of the run's people."""
    if config.dataset.kind == "synthref":
        return DataSet(f"rendered people, {config.synthref.population}")
    return DATA_SETS.get(config.dataset.kind, DataSet(config.dataset.kind))


@cache
def _listed_files() -> dict[Path, PublishedFile]:
    """Return both lists of weights by path; they are read once."""
    return read_lists((MANIFEST, OWN_LIST))


def _listed(path: str) -> Network:
    """Return what the lists say of a weight file; its name alone if they do not have it."""
    found = _listed_files().get(locate(path))
    if found is None:
        return Network(Path(path).name)
    return Network(found.network or Path(path).stem, found.trained_on, found.trained_against)


def _of_setting(config: LeaksStage, key: str) -> Network:
    return _listed(getattr(config.weights, key.removeprefix(SETTING)))


def _of_method(config: LeaksStage, name: str) -> Network:
    """Return what a list says of an entry that a method names, or of a setting's file."""
    if name.startswith(SETTING):
        return _of_setting(config, name)
    files = published_files(Path(config.weights.baselines))
    found = files.get(name)
    if found is None:
        return Network(name)
    return Network(found.network or name, found.trained_on, found.trained_against)


def judge_of(config: LeaksStage, name: str, family: Family) -> Network:
    """Return the network of a family of metrics; without one, the family's name alone."""
    kind, _, key = family.weights.partition(".")
    if kind == "assets":
        return Network(ASSETS[key].network or name, ASSETS[key].trained_on)
    if kind == "published":
        file = published_files(MANIFEST)[key]
        return Network(file.network or name, file.trained_on, file.trained_against)
    return _of_setting(config, key) if kind == "weights" else Network(name)


def parts_of(config: LeaksStage, method: Method) -> list[Network]:
    """Return the networks that a method consists of."""
    names = [name for name in method.weights if name not in method.conditions]
    if "model" in method.run_files and config.weights.idfsr:
        names.append(f"{SETTING}idfsr")
    return [_of_method(config, name) for name in names]


def conditions_of(config: LeaksStage, method: Method) -> list[Network]:
    """Return the networks that tell a method what a face is like."""
    return [_of_method(config, name) for name in method.conditions]


def losses_of(config: LeaksStage, method: Method) -> set[str]:
    """Return the names of networks that a method was trained against, before the run or in it."""
    names = {name for part in parts_of(config, method) for name in part.trained_against}
    if "model" in method.run_files and config.pretrain.id_loss_weight > 0:
        names.add(_of_setting(config, f"{SETTING}id_encoder").name)
    return names


def _marks(config: LeaksStage, method: Method, judge: Network) -> str:
    people = data_set(config)
    conditions, losses = conditions_of(config, method), losses_of(config, method)
    faces = {each for one in conditions for each in one.trained_on}
    tests = {
        "†": judge.name in losses or judge.name in {one.name for one in conditions},
        "¶": judge.name not in {one.name for one in conditions}
        and bool(faces & {*judge.trained_on}),
        "‡": any(people.name in part.trained_on for part in parts_of(config, method)),
        "§": bool({*judge.trained_on} & {people.name, *people.shares_people_with}),
    }
    return "".join(mark for mark, found in tests.items() if found)


def find_leaks(config: LeaksStage, names: Sequence[str]) -> Iterator[Leak]:
    """Yield the values of the tables that are to be marked.

    Args:
        config: Of the run.
        names: Metrics of the tables.
    """
    for family_name, family in find_families(names).items():
        judge = judge_of(config, family_name, family)
        for metric in family.metrics:
            for method in map(find_method, config.methods):
                marks = _marks(config, method, judge)
                if metric.name in names and marks:
                    yield Leak(method.name, metric.name, marks)


def list_roles(config: LeaksStage, names: Sequence[str]) -> list[Role]:
    """Return the matrix: a row for each network of a run.

    Args:
        config: Of the run.
        names: Metrics of the tables.
    """
    methods = [find_method(name) for name in config.methods]
    families = {name: one for name, one in find_families(names).items() if one.weights}
    judges = {name: judge_of(config, name, family) for name, family in families.items()}
    own = [part for method in methods for part in parts_of(config, method)]
    given = [one for method in methods for one in conditions_of(config, method)]
    known = {one.name: one for one in (*own, *given, *judges.values())}
    losses = {name for method in methods for name in losses_of(config, method)}
    leaks = list(find_leaks(config, names))
    rows = []
    for name in (*known, *sorted(losses - known.keys())):
        metrics = [
            metric.name
            for family_name, judge in judges.items()
            if judge.name == name
            for metric in families[family_name].metrics
            if metric.name in names
        ]
        parts = [m.name for m in methods if name in {one.name for one in parts_of(config, m)}]
        marks = {
            mark for leak in leaks for mark in leak.marks if leak.metric in metrics and mark != "‡"
        }
        if parts and data_set(config).name in known[name].trained_on:
            marks.add("‡")
        given_to = [m.name for m in methods if name in {o.name for o in conditions_of(config, m)}]
        rows.append(
            Role(
                network=name,
                part_of=" ".join(parts),
                condition=" ".join(given_to),
                loss=" ".join(m.name for m in methods if name in losses_of(config, m)),
                judge=" ".join(metrics),
                trained_on="; ".join(known[name].trained_on) if name in known else "",
                marks="".join(mark for mark in MARKS if mark in marks),
            )
        )
    return rows
