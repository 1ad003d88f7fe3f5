"""The records of the small networks: found by name, light, and each in its own jobs only."""

import subprocess
import sys

import pytest

from idfsr.io.provenance import module_closure
from idfsr.training.networks import FILES, find_network, modules_of, network_names
from idfsr.training.networks.train import find_training

LOADS_EVERY_RECORD = """
import sys
from idfsr.training.networks import find_network, network_names
for name in network_names():
    find_network(name)
assert not {"torch", "pandas", "numpy"} & set(sys.modules), sorted(sys.modules)
"""


def test_records_are_read_without_torch() -> None:
    subprocess.run([sys.executable, "-c", LOADS_EVERY_RECORD], check=True)


@pytest.mark.parametrize("name", network_names())
def test_every_folder_is_a_record(name: str) -> None:
    network, training = find_network(name), find_training(name)
    assert network.reads in FILES
    assert network.first in ("", *network_names())
    assert network.limits
    assert callable(training.make)


@pytest.mark.parametrize("name", network_names())
def test_a_job_has_the_code_of_its_own_network_only(name: str) -> None:
    own = {name, find_network(name).first} - {""}
    modules = {
        module
        for given in ("idfsr.stages.train", *modules_of(name))
        for module in module_closure(given)
    }
    prefix = "idfsr.training.networks."
    inner = {module.removeprefix(prefix) for module in modules if module.startswith(prefix)}
    assert {module.split(".")[0] for module in inner} & set(network_names()) == own
    assert {f"{found}.training" for found in own} <= inner
