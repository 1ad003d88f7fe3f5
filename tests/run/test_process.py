import os
import platform
import subprocess
import sys

import pytest

from idfsr.run.process import SPIN_COUNT

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")

PROGRAM = """
import contextlib, resource, sys
import torch
from idfsr.main import main

if sys.argv[1] == "kept":
    with contextlib.suppress(SystemExit):
        main(["--help"])
for _ in range(10):  # blocks are aligned: the hole of one is too small for the next, two are not
    torch.ones(2**24)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    torch.ones(2**24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_faults(mode: str) -> int:
    """Return the first touches of pages while 64 MB are asked for and freed four times."""
    command = [sys.executable, "-c", PROGRAM, mode]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(result.stdout.splitlines()[-1])


def test_commands_do_not_clear_freed_memory_again() -> None:
    assert count_faults("kept") < 100
    assert count_faults("given back") > 100


@pytest.mark.parametrize("wanted", [None, "77"])
def test_commands_that_compute_spin_briefly(wanted: str | None) -> None:
    environment = os.environ | {"OMP_DISPLAY_ENV": "verbose"}
    environment.pop("GOMP_SPINCOUNT", None)
    if wanted:
        environment["GOMP_SPINCOUNT"] = wanted
    command = ["idfsr", "fit", "--help"]
    result = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert f"GOMP_SPINCOUNT = '{wanted or SPIN_COUNT}'" in result.stderr
