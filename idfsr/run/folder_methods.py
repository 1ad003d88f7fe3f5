"""Methods that a run declares by a folder: `methods: [{name: mine, folder: ...}]`."""

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from idfsr.config.stage import first_mistake
from idfsr.config.types import section
from idfsr.errors import IdfsrError
from idfsr.methods.engine.registry import method_names


@section
class FolderMethod:
    """A method whose images were restored elsewhere (docs/exchange.md)."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """In the tables."""
    folder: Annotated[str, Field(min_length=1)]
    """With x<scale factor>/<person>/<image>.png, of the size of the ground truth."""


def with_folders(values: dict[str, Any]) -> dict[str, Any]:
    """Replace each `{name: ..., folder: ...}` of the methods by its name and its settings.

    Raises:
        IdfsrError: One is not what it should be, or has the name of another method.
    """
    methods, own = values.get("methods"), values.get("method_settings") or {}
    if not isinstance(methods, list | tuple) or not isinstance(own, dict):
        return values
    names: list[Any] = []
    for number, method in enumerate(methods):
        if not isinstance(method, dict):
            names.append(method)
            continue
        try:
            found = TypeAdapter(FolderMethod).validate_python(method)
        except ValidationError as error:
            message = f"methods.{number}.{first_mistake(error)}"
            raise IdfsrError(message) from None
        if found.name in (*method_names(), *own):
            message = f"methods.{number}.name: found {found.name}, wanted a name that is free"
            raise IdfsrError(message)
        names.append(found.name)
        own = {**own, found.name: {"folder": found.folder}}
    return {**values, "methods": names, "method_settings": own} if own else values
