"""The settings file of one stage, as the workflow writes it."""

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from idfsr.errors import IdfsrError
from idfsr.sealed_json import SEAL, parse_json, unseal

Stage = TypeVar("Stage")


def first_mistake(error: ValidationError) -> str:
    """Say in one line what is wrong first, with its dotted path, and how much more there is."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"]) or "configuration"
    quote = ", quote it" if first["type"] == "string_type" else ""
    found = first["input"] if isinstance(first["input"], str | int | float | bool) else ""
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{name}: {first['msg']}, found {found!r}{quote}{more}" if found != "" else (
        f"{name}: {first['msg']}{more}"
    )  # fmt: skip


def load_stage(path: Path, stage: type[Stage]) -> Stage:
    """Read the settings of one stage.

    Args:
        path: JSON, with every section of the stage and no other. The workflow adds its digest,
            which is checked; a file written by hand has none.
        stage: Its sections, e.g. `idfsr.config.fit.FitStage`.

    Raises:
        IdfsrError: The file is missing, is not JSON, was damaged, lacks a section of this stage or
            holds another one.
    """
    try:
        values = parse_json(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        message = f"{path}: no such file, wanted the stage's settings as JSON"
        raise IdfsrError(message) from None
    except UnicodeDecodeError as error:
        message = f"{path}: not JSON: {error}"
        raise IdfsrError(message) from None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}, wanted the stage's settings as JSON"
        raise IdfsrError(message) from None
    if isinstance(values, dict) and SEAL in values:
        values = unseal(values, path)
    try:
        return TypeAdapter(stage).validate_python(values)
    except ValidationError as error:
        message = f"{path}: {first_mistake(error)}"
        raise IdfsrError(message) from None
