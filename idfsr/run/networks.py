"""The small networks as the workflow sees them: where they are embedded, and what trains them."""

from collections.abc import Callable, Iterable, Sequence

from idfsr.run.plan import Plan
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


def training_files(name: str, run: str, plan: Callable[[], Plan]) -> dict[str, str | list[str]]:
    """Return the files that the training of a small network reads, by the name of their argument.

    Args:
        name: Of the network.
        run: Name of the run.
        plan: Gives the plan of the run; asked for where shards are read, for it takes the split.
    """
    network, made = find_network(name), f"results/{run}"
    files: dict[str, str | list[str]] = {}
    if network.reads == "crops":
        files["crops"] = f"{made}/crops.parquet"
    elif network.reads == "faces":
        files["shards"] = plan().shards_of_all_scales("pretrain")
        files["held_out"] = plan().shards_of_all_scales("test")
    else:
        files["shards"] = plan().shards_of_first_scale("pretrain")
        files["held_out"] = plan().shards_of_first_scale("test")
        files["truth"] = f"{made}/synthref_landmarks.parquet"
    if network.first:
        files["first"] = f"{made}/networks/{network.first}/model.safetensors"
        files["first_card"] = f"{made}/networks/{network.first}/card.md"
    return files


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
