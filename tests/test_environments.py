"""One lock for pip, conda and the image: what each way of installing names agrees with it."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())
CONDA = yaml.safe_load(Path("envs/idfsr.yaml").read_text())
INSTALLS = {
    "Makefile": "--require-hashes --compile-bytecode -r requirements.lock",
    "envs/idfsr.post-deploy.sh": "--require-hashes -r requirements.lock",  # pip compiles by itself
}


USERS = "requirements.lock"
DEVELOPERS = "requirements-dev.lock"
"""What developers install beside the users' lock."""

WANTED = [
    *((text, USERS) for text in PROJECT["project"]["dependencies"]),
    *((text, USERS) for text in PROJECT["project"]["optional-dependencies"]["spandrel"]),
    *((text, DEVELOPERS) for text in PROJECT["dependency-groups"]["dev"]),
]


def locked_versions(lock: str) -> dict[str, list[str]]:
    """Return the versions of every package in a lock; some have one for each Python."""
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(
        r"^([a-z0-9.-]+)==([^ ;]+)", Path(lock).read_text(), re.MULTILINE
    ):
        versions.setdefault(name, []).append(version)
    return versions


@pytest.mark.parametrize(("text", "lock"), WANTED)
def test_the_lock_has_what_the_project_asks_for(text: str, lock: str) -> None:
    wanted = Requirement(text)
    # a tool of developers that a library of users needs too stands in the users' lock
    versions = locked_versions(lock).get(wanted.name) or locked_versions(USERS)[wanted.name]
    assert all(wanted.specifier.contains(version) for version in versions)


def test_a_package_of_both_locks_has_one_version() -> None:
    users, developers = locked_versions(USERS), locked_versions(DEVELOPERS)
    for name in users.keys() & developers.keys():  # where systems want it that users' do not
        assert set(developers[name]) <= set(users[name]), name


def test_the_package_imports_no_tool_of_developers() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    optional = {Requirement(text).name for extra in extras for text in extra}
    only = locked_versions(DEVELOPERS).keys() - locked_versions(USERS).keys() - optional
    tools = {name.replace("-", "_") for name in only}
    files = [*Path("idfsr").rglob("*.py"), *Path("workflow").rglob("*.smk")]
    imports = re.compile(r"^\s*(?:from|import) (\w+)", re.MULTILINE)
    found = {name for path in files for name in imports.findall(path.read_text())}
    assert "torch" in found
    assert tools.isdisjoint(found)


def test_every_way_installs_the_lock() -> None:
    for name, words in INSTALLS.items():
        assert words in Path(name).read_text(), name
    assert "RUN make setup" in Path("envs/Dockerfile").read_text()


def test_pythons_and_setuptools_are_those_of_the_project() -> None:
    found = re.search(r"^FROM python:(.+)-slim$", Path("envs/Dockerfile").read_text(), re.MULTILINE)
    assert found is not None
    asked = [text.replace("=", "==") for text in CONDA["dependencies"] if "python=" in text]
    assert asked == [f"python=={found[1]}"]
    assert SpecifierSet(PROJECT["project"]["requires-python"]).contains(f"{found[1]}.0")
    (setuptools,) = [text for text in CONDA["dependencies"] if text.startswith("setuptools")]
    assert setuptools in PROJECT["project"]["dependencies"]


def test_the_image_is_built_where_the_workflow_looks_for_it() -> None:
    (image,) = re.findall(
        r'^container: "(.+)"$', Path("workflow/Snakefile").read_text(), re.MULTILINE
    )
    assert f"apptainer build {image} " in Path("docs/cluster.md").read_text()
