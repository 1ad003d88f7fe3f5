"""Weight files: safetensors, which hold tensors and text and nothing that runs.

The metadata says how the network is built, so that a file is all one needs. On disk the weights may
have half precision; in memory they have float32.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.seals import SEAL, check_weights, seal_weights

DIGEST_LENGTH = 16

Settings = TypeVar("Settings")


def model_digest(path: Path) -> str:
    """Return the first 16 hexadecimal digits of a file's SHA-256.

    A safetensors file is taken as it was before its own digest was recorded in it.

    Raises:
        IdfsrError: There is no such file, or it was damaged.
    """
    _check_exists(path)
    digest = check_weights(path) if path.suffix == ".safetensors" else file_digest(path)
    return digest[:DIGEST_LENGTH]


def save_tensors(path: Path, tensors: dict[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors as safetensors, with a digest that each reader checks.

    Args:
        path: Written in place; the caller sees to it that no half of a file is left behind.
        tensors: By name.
        metadata: Text by name, stored in the file's header.
    """
    plain = path.with_name(f"{path.name}.plain")
    try:
        save_file(tensors, plain, metadata=dict(metadata) or {"format": "pt"})
        seal_weights(plain, path)
    finally:
        plain.unlink(missing_ok=True)


def save_weights(path: Path, module: nn.Module, metadata: Mapping[str, str]) -> None:
    """Write a network's parameters and buffers.

    Args:
        path: Written in place; the caller sees to it that no half of a file is left behind.
        module: Anything with a state dict of tensors.
        metadata: Text by name, stored in the file's header.
    """
    # copies that own their memory: safetensors refuses channels-last and shared tensors
    state = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in module.state_dict().items()
    }
    save_tensors(path, state, metadata)


def halve_precision(path: Path, halved: Path, more: Mapping[str, str]) -> None:
    """Copy a weight file with its floating-point tensors as float16.

    Args:
        path: To read.
        halved: Written in place; the caller sees to it that no half of a file is left behind.
        more: Metadata beside those of the file.

    Raises:
        IdfsrError: There is no such file, it is not safetensors, or it was damaged.
    """
    state = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in read_tensors(path).items()
    }
    save_tensors(halved, state, {**read_metadata(path), **more})


def count_parameters(network: nn.Module) -> int:
    """Return the number of values that a training may change."""
    return sum(parameter.numel() for parameter in network.parameters())


def dump_settings(settings: object) -> str:
    """Return a dataclass of settings as JSON, for the metadata."""
    return TypeAdapter(type(settings)).dump_json(settings).decode()


def read_settings(path: Path, name: str, settings_type: type[Settings]) -> Settings:
    """Return the settings a network was built from.

    Args:
        path: A safetensors file.
        name: Of the metadata; it tells the kinds of networks apart.
        settings_type: A dataclass.

    Raises:
        IdfsrError: See `read_metadata`; or it holds no such settings.
    """
    metadata = read_metadata(path)
    if name not in metadata:
        found = ", ".join(sorted(metadata)) or "none"
        message = f"{path}: metadata found: {found}; wanted {name!r}"
        raise IdfsrError(message)
    try:
        return TypeAdapter(settings_type).validate_json(metadata[name])
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "JSON"
        message = f"{path}: metadata {name!r}: {field}: {first['msg']}"
        raise IdfsrError(message) from None


def read_metadata(path: Path) -> dict[str, str]:
    """Return the text of a weight file's header.

    Raises:
        IdfsrError: There is no such file, it is not safetensors, or it was damaged.
    """
    with _open_weights(path) as file:
        return {name: text for name, text in (file.metadata() or {}).items() if name != SEAL}


def read_weights(path: Path, module: nn.Module) -> None:
    """Fill a network from a file, in the network's own precision and on its device.

    Raises:
        IdfsrError: See `read_tensors`; or its names or shapes are not those of the network.
    """
    state = read_tensors(path)
    check_state(state, module.state_dict(), str(path))
    module.load_state_dict(state)


def check_state(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], source: str) -> None:
    """Compare names and shapes.

    Raises:
        IdfsrError: They differ; names the source and the first difference.
    """
    missing = [name for name in wanted if name not in found]
    unexpected = [name for name in found if name not in wanted]
    if missing or unexpected:
        parts = [
            f"{len(names)} {what} such as {names[0]}"
            for what, names in (("missing", missing), ("unexpected", unexpected))
            if names
        ]
        message = f"{source}: tensors of another network: {' and '.join(parts)}"
        raise IdfsrError(message)
    for name, tensor in wanted.items():
        if found[name].shape != tensor.shape:
            message = (
                f"{source}: {name} has shape {tuple(found[name].shape)}, "
                f"wanted {tuple(tensor.shape)}"
            )
            raise IdfsrError(message)


def _open_weights(path: Path) -> Any:
    _check_exists(path)
    try:
        check_weights(path)
        return safe_open(path, framework="pt")
    except SafetensorError as error:
        message = f"{path}: not a safetensors file: {error}"
        raise IdfsrError(message) from None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a weight file by name.

    Raises:
        IdfsrError: There is no such file, it is not safetensors, or it was damaged.
    """
    with _open_weights(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict


def _check_exists(path: Path) -> None:
    if not path.is_file():
        message = f"{path}: no such file, wanted weights as safetensors"
        raise IdfsrError(message)
