"""The small networks as the workflow sees them: where they are embedded, and what trains them."""

from collections.abc import Iterable, Sequence

from idfsr.training.networks import find_network, network_names

ELSEWHERE = {"lr_detector": "lr_retinaface.safetensors", "pretrain": "idfsr64.safetensors"}
"""Those that every run trains, by rules of their own."""


def embedded_files() -> dict[str, str]:
    """Return what comes with the package: folder of the training in a run -> file in idfsr/weights.

    A network that only another one begins with does not come with it.
    """
    small = {f"networks/{name}": find_network(name).embedded for name in network_names()}
    return {folder: file for folder, file in small.items() if file} | ELSEWHERE


def file_arguments(files: Iterable[tuple[str, str | Sequence[str]]]) -> list[str]:
    """Return files as words of a command line.

    Args:
        files: Pairs of a name, e.g. "held_out" for `--held-out`, and a path or several.
    """
    return [
        word
        for name, paths in files
        for word in (f"--{name.replace('_', '-')}", *([paths] if isinstance(paths, str) else paths))
    ]
