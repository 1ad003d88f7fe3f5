"""What a process asks of the C library and of OpenMP, which PyTorch leaves as they are."""

import ctypes
import os
import platform

M_TRIM_THRESHOLD = -1
M_MMAP_MAX = -4
"""Of glibc's malloc.h."""

SPIN_COUNT = "10000"
"""docs/performance.md says what other counts cost."""


def keep_freed_memory() -> None:
    """Let the process keep the memory that it frees, for what it asks for next.

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
    """Let threads of a network that wait for each other soon leave the core to others.

    GNU's OpenMP spins for milliseconds, which is well on idle cores. Where another process wants
    one of them too, the thread that works is kept from it by the one that spins. Has an effect
    before PyTorch is imported, and none where GOMP_SPINCOUNT is set.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
