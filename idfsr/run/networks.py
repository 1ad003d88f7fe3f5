"""The small networks as the workflow sees them: where they are embedded, and what trains them."""

from collections.abc import Iterable, Sequence

from idfsr.training.networks import find_network, network_names

EVERY_RUN = ("lr_detector", "pretrain")
"""Folders of the trainings of every run, which have rules of their own."""


def embedded_files() -> dict[str, str]:
    """Return what comes with the package: folder of the training in a run -> file in idfsr/weights.

    A network that only another one begins with does not come with it.
    """
    files = {name: find_network(name).embedded for name in network_names()}
    files["pretrain"] = "idfsr64.safetensors"
    return {
        name if name in EVERY_RUN else f"networks/{name}": file
        for name, file in files.items()
        if file
    }


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
