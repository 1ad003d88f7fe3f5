"""JSON with a digest of its values: who makes a file records it, who reads the file checks it.

At the root of the package, since the settings of a stage are read so too.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from idfsr.errors import DamagedFileError

SEAL: Final = "sha256"
"""Name of the digest among the values."""

NUM_DIGITS: Final = 16


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:NUM_DIGITS]


def seal(values: dict[str, Any]) -> dict[str, Any]:
    """Return values with their digest."""
    return {**values, SEAL: _digest(values)}


def unseal(values: Any, path: Path) -> dict[str, Any]:
    """Compare values with the digest that `seal` gave them, and return them without it.

    Args:
        values: What a file holds.
        path: The file, for an error.

    Raises:
        DamagedFileError: They are not those that were sealed.
    """
    if not isinstance(values, dict) or SEAL not in values:
        raise DamagedFileError(path, "found values without their sha256")
    own = {name: value for name, value in values.items() if name != SEAL}
    if values[SEAL] != _digest(own):
        raise DamagedFileError(path, "found values that do not give the sha256 beside them")
    return own


def parse_json(text: str, path: Path) -> Any:
    """Return the values of JSON.

    Raises:
        DamagedFileError: It is not JSON; names the file.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(path, f"not JSON: {error}") from None
