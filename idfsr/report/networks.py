"""How the networks behind the rows of the tables were trained."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from idfsr.io.history import History, read_history
from idfsr.report.tables import records

COLUMNS = [field.name for field in dataclasses.fields(History)]


def list_networks(paths: Sequence[Path]) -> pd.DataFrame:
    """Return a row for each weight file that says how it was trained: the fields of `History`.

    Raises:
        IdfsrError: See `read_history`.
    """
    histories = [read_history(path) for path in paths]
    return pd.DataFrame([vars(history) for history in histories if history], columns=COLUMNS)


def describe_networks(networks: pd.DataFrame) -> list[str]:
    """Return a footnote on the networks of this project's recipes; none without such a network."""
    parts = [
        f"{row['title']}, {row['num_parameters'] / 1e6:.2f} million parameters, "
        f"{row['images_seen']:,} images in {row['minutes']:.0f} minutes"
        for row in records(networks)
    ]
    return [f"Trained here: {'; '.join(parts)}."] if parts else []


def describe_files(files: pd.DataFrame) -> list[str]:
    """Return a footnote on the weight files; none without such a file.

    Args:
        files: Of `idfsr.io.published.list_weights`.
    """
    parts = [
        f"{Path(row['file']).name} {row['sha256'][:16]} ({row['standing']})"
        for row in records(files)
    ]
    return (
        [f"Weight files, with the beginning of their sha256: {'; '.join(parts)}."] if parts else []
    )
