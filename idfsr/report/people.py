"""What the report says of each person: their photographs, and how the fit to them went."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from safetensors.numpy import load_file

from idfsr.io.seals import check_weights
from idfsr.io.shards import read_shard
from idfsr.io.texts import read_stats, write_json
from idfsr.report.pictures import decode, resize_nearest
from idfsr.report.sheets import INDEX_NAME, MAX_LOSSLESS, join_tiles, write_webp

MAX_PHOTOGRAPHS = 12
"""Shown of a person."""

NUM_NEIGHBOURS = 3
"""People named as those to whom a fitted embedding is most similar."""

MAX_POINTS = 16
"""Of a loss curve; more steps are averaged."""


def _unit(vector: Float[np.ndarray, "D"]) -> Float[np.ndarray, "D"]:
    unit: Float[np.ndarray, "D"] = vector / np.linalg.norm(vector)
    return unit


def thin_out(values: Sequence[float], num_points: int) -> list[float]:
    """Average neighbours so that at most so many values are left, in their order."""
    parts = np.array_split(np.asarray(values, np.float64), min(num_points, len(values)))
    return [float(part.mean()) for part in parts]


def name_neighbours(
    z_id: Float[np.ndarray, "D"], means: dict[str, Float[np.ndarray, "D"]]
) -> list[tuple[str, float]]:
    """Return the people whose photographs an embedding resembles most, by the cosine."""
    cosines = {identity: float(_unit(z_id) @ mean) for identity, mean in means.items()}
    ordered = sorted(cosines.items(), key=lambda item: (-item[1], item[0]))
    return ordered[:NUM_NEIGHBOURS]


def _fit_facts(
    stats: Path, embedding: Path, means: dict[str, Float[np.ndarray, "D"]]
) -> dict[str, Any]:
    rows = read_stats(stats)
    check_weights(embedding)
    z_id = load_file(embedding)["z_id"].astype(np.float64)
    losses = [row["loss"] for row in rows if "loss" in row]
    held_out = [(row["step"], row["held_out_loss"]) for row in rows if "held_out_loss" in row]
    return {
        "num_steps": rows[-1]["step"],
        "loss": thin_out(losses, MAX_POINTS) if losses else [],
        "held_out": held_out,
        "neighbours": name_neighbours(z_id, means),
    }


def write_people(
    shards: Sequence[Path], embeddings: Sequence[Path], stats: Sequence[Path], folder: Path
) -> None:
    """Write the photographs that the fits learn from, and an index with the facts of each person.

    Args:
        shards: Test shards of one scale factor: the photographs are the same at every scale.
        embeddings: .../x<scale factor>/<identity>/embedding.safetensors of all fits.
        stats: The stats.jsonl beside each of them.
        folder: To make.

    Raises:
        IdfsrError: A file is missing or was damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = read_shard(shards, ["identity", "image", "gt_image", "z_id"], part="fit").to_pandas()
    groups = dict(iter(table.sort_values(["identity", "image"]).groupby("identity")))
    means = {
        str(identity): _unit(np.stack(rows["z_id"].tolist()).astype(np.float64).mean(axis=0))
        for identity, rows in groups.items()
    }
    entries: dict[str, dict[str, Any]] = {}
    for number, (identity, rows) in enumerate(groups.items()):
        images = [decode(data) for data in rows["gt_image"].iloc[:MAX_PHOTOGRAPHS]]
        size = min(MAX_LOSSLESS, len(images[0]))
        sheet = join_tiles([resize_nearest(image, size) for image in images], len(images))
        name = f"{number:05d}.webp"
        digest = write_webp(sheet, folder / name, lossless=True)
        entries[str(identity)] = {
            "identity": str(identity), "num_photographs": len(rows), "num_shown": len(images),
            "file": name, "sha256": digest, "fits": {},
        }  # fmt: skip
    by_folder = {path.parent: path for path in stats}
    for path in embeddings:
        scale, identity = path.parent.parent.name.removeprefix("x"), path.parent.name
        entries[identity]["fits"][scale] = _fit_facts(by_folder[path.parent], path, means)
    write_json(folder / INDEX_NAME, {"people": list(entries.values())})
