"""Settings of the C library and of OpenMP that PyTorch leaves at their defaults."""

import ctypes
import os
import platform

M_TRIM_THRESHOLD = -1
M_MMAP_MAX = -4
"""Of glibc's malloc.h."""

SPIN_COUNT = "10000"
"""docs/performance.md says what other counts cost."""


def keep_freed_memory() -> None:
    """Let the process keep the memory that it frees, and use it again.

    glibc takes every block above 32 MB from the kernel and gives it back when it is freed
    (mallopt(3)). Each page of the next one is then cleared at its first touch: for an image of
    256 px with 128 channels, 34 MB, that takes three times as long as most of the layers that write
    it. The process comes to hold what it needed at its peak. No other C library is changed.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, -1)


def spin_briefly() -> None:
    """Let threads of a network that wait for each other leave the core sooner to other processes.

    A waiting thread of GNU's OpenMP spins for milliseconds. On idle cores this does no harm, but
    where another process wants a core too, a thread that spins keeps it from one that works. This
    must be called before PyTorch is imported, and has no effect where GOMP_SPINCOUNT is set.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
