"""One changed bit anywhere in a file of a run: never other values, never a traceback."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from idfsr.errors import IdfsrError
from tests.integrity.kinds import KINDS, Kind, describe

END_BYTES = 512
"""Every other bit is in the first or last so many bytes, where headers and footers are."""


def choose_bits(num_bytes: int, num_flips: int, seed: int) -> list[int]:
    """Draw bits of a file."""
    rng = np.random.default_rng([seed, num_bytes])
    ends = np.unique(np.r_[: min(END_BYTES, num_bytes), max(0, num_bytes - END_BYTES) : num_bytes])
    return [
        int(rng.integers(8)) + 8 * int(rng.choice(ends) if number % 2 else rng.integers(num_bytes))
        for number in range(num_flips)
    ]


def outcome(kind: Kind, path: Path, whole: str) -> str:
    """Read a damaged file and say what came of it."""
    try:
        found = describe(kind.read(path))
    except IdfsrError as error:
        text = str(error)
        return "refused" if path.name in text and "\n" not in text else f"unclear: {text}"
    except Exception as error:  # noqa: BLE001 - that none comes is what is tested
        return f"traceback: {type(error).__name__}: {error}"
    return "same" if found == whole else "other values"


def count_outcomes(kind: Kind, folder: Path, num_flips: int) -> Counter[str]:
    """Write a file of a kind, and read copies of it with one bit changed in each."""
    (folder / "whole").mkdir()
    path = folder / "whole" / kind.name
    kind.write(path)
    whole, data = describe(kind.read(path)), path.read_bytes()
    outcomes: Counter[str] = Counter()
    for number, bit in enumerate(choose_bits(len(data), num_flips, 0)):
        copy = folder / str(number)
        shutil.copytree(folder / "whole", copy)
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        (copy / kind.name).write_bytes(flipped)
        outcomes[outcome(kind, copy / kind.name, whole)] += 1
        shutil.rmtree(copy)
    return outcomes


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("num_flips", [16, pytest.param(74, marks=pytest.mark.slow)])
def test_a_changed_bit_is_noticed(kind: Kind, num_flips: int, tmp_path: Path) -> None:
    outcomes = count_outcomes(kind, tmp_path, num_flips)
    print(f"{kind.name}: {dict(outcomes)}")  # noqa: T201 - `pytest -s` makes a table
    assert outcomes.keys() <= {"refused", "same"}
    assert outcomes.total() == num_flips
