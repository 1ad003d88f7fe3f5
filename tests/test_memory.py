import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import torch
from idfsr.memory import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()
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
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")
def test_freed_memory_is_not_cleared_again() -> None:
    assert count_faults("kept") < 100
    assert count_faults("given back") > 100
