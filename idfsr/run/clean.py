"""Freeing the disk: what a finished run no longer needs and can make again."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MADE_AGAIN: Final = (
    "shards", "synthref", "unpacked", "features", "scores", "crops.parquet",
    "pretrain/state",
)  # fmt: skip
"""Of a run; tables, figures, report, weights, embeddings and restored images stay."""


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def clean(run_folder: Path) -> Iterator[tuple[Path, int]]:
    """Remove what a run can make again.

    Args:
        run_folder: Its results.

    Yields:
        Each path that was removed, and its bytes.
    """
    for name in MADE_AGAIN:
        path = run_folder / name
        if path.exists():
            size = size_of(path)
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            yield path, size
