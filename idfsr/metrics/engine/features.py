"""What a network says of the ground truths, in a file, so that it sees each of them once.

The ground truth is the same for all methods and scale factors.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.tables import read_table, write_table
from idfsr.metrics.engine.metric import Features


def write_features(path: Path, keys: pd.DataFrame, features: Features) -> None:
    """Write what a network said of some images.

    Args:
        path: The Parquet table to make: a row an image, a column a name.
        keys: Identity and image.
        features: A row an image.
    """
    columns = {name: list(values) for name, values in features.items()}
    write_table(keys[KEY].reset_index(drop=True).assign(**columns), path)


def read_features(path: Path, keys: pd.DataFrame) -> Features:
    """Read what a network said of some images.

    Args:
        path: Of `write_features`.
        keys: Identity and image of those wanted, in this order.

    Raises:
        IdfsrError: The file is missing, is not such a table, or lacks an image.
    """
    table = read_table(path)
    if set(KEY) - set(table) or len(table.columns) == len(KEY):
        found = ", ".join(table.columns)
        message = (
            f"{path}: found columns {found}, wanted {', '.join(KEY)} and features: remove the "
            "file, and the same run makes it again"
        )
        raise IdfsrError(message)
    table = table.set_index(KEY)
    wanted = list(keys[KEY].itertuples(index=False, name=None))
    lacking = [key for key in wanted if key not in table.index]
    if lacking:
        message = (
            f"{path}: found nothing of {'/'.join(lacking[0])}, wanted every test image: remove "
            "the file, and the same run makes it again"
        )
        raise IdfsrError(message)
    rows = table.loc[wanted]
    return {str(name): _stack(rows[name].to_numpy()) for name in rows}


def _stack(values: np.ndarray) -> np.ndarray:
    """Bring the arrays of images into one where they have one length."""
    if values.dtype == object and len({array.shape for array in values}) == 1:
        return np.stack(list(values))
    return values
