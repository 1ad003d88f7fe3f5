from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.tables import write_table
from idfsr.metrics.engine.features import read_features, write_features

KEYS = pd.DataFrame({"identity": ["a", "a", "b"], "image": ["0", "1", "0"]})


def ragged() -> np.ndarray:
    values = np.empty(3, dtype=object)
    for row, length in enumerate((2, 1, 2)):
        values[row] = np.arange(length, dtype=np.float32) + row
    return values


def test_a_file_gives_back_what_was_written_in_the_order_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "made" / "truth.parquet"
    features = {
        "number": np.array([1, 2, 3]),
        "row": np.float32([[1, 0.1], [2, 0.2], [3, 0.3]]),
        "ragged": ragged(),
    }
    write_features(path, KEYS.set_index(pd.Index([7, 8, 9])), features)
    found = read_features(path, KEYS[::-1])
    assert found["number"].tolist() == [3, 2, 1]
    np.testing.assert_array_equal(found["row"], features["row"][::-1])
    assert found["row"].dtype == np.float32
    assert [values.tolist() for values in found["ragged"]] == [[2, 3], [1], [0, 1]]
    before = path.read_bytes()
    write_features(path, KEYS, features)
    assert path.read_bytes() == before


def test_a_file_that_is_missing_damaged_or_of_another_kind_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "truth.parquet"
    with pytest.raises(IdfsrError, match=r"truth\.parquet: no such file"):
        read_features(path, KEYS)
    write_features(path, KEYS, {"number": np.array([1, 2, 3])})
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(IdfsrError, match=r"truth\.parquet: not a Parquet table"):
        read_features(path, KEYS)
    write_features(path, KEYS[:2], {"number": np.array([1, 2])})
    with pytest.raises(IdfsrError, match=r"truth\.parquet: found nothing of b/0, .* remove the"):
        read_features(path, KEYS)
    write_table(KEYS, path)
    with pytest.raises(IdfsrError, match=r"found columns identity, image, wanted .* remove the"):
        read_features(path, KEYS)
