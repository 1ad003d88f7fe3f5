"""YAML that people write: read strictly, with one line for what is wrong."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any, Final

import yaml

from idfsr.errors import IdfsrError

_MERGE: Final = "tag:yaml.org,2002:merge"


class _StrictLoader(yaml.CSafeLoader):
    """Refuses a key that stands twice, of which YAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        scalars = (key for key, _ in node.value if key.tag != _MERGE)
        names = [self.construct_object(key, deep=True) for key in scalars]
        for number, name in enumerate(names):
            if name in names[:number]:
                problem = f"found {name!r} twice"
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, wanted: str) -> Any:
    """Read a YAML file.

    Args:
        path: The file.
        wanted: What it should be, for an error.

    Raises:
        IdfsrError: It is missing, cannot be read, or is not YAML.
    """
    try:
        return _StrictLoader(path.read_text(encoding="utf-8")).get_single_data()
    except FileNotFoundError:
        message = f"{path}: no such file, wanted {wanted}"
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}, wanted {wanted}"
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        message = f"{path}: not YAML: {' '.join(str(error).split())}, wanted {wanted}"
    raise IdfsrError(message)
