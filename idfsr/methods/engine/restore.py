"""A method run on the test images of one person."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from jaxtyping import Bool, UInt8
from tqdm import tqdm

from idfsr.errors import IdfsrError
from idfsr.io.examples import (
    IdentityExamples,
    load_identity,
    load_mean_z_id,
    load_ref_images,
)
from idfsr.io.images import encode_png
from idfsr.methods.engine.contract import NEED_COLUMNS, Method, Restorer

RESTORED_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "scale_factor": pa.int32(),
        "method": pa.string(),
        "sr_image": pa.binary(),
        "problem": pa.string(),
        "model_digest": pa.string(),
    }
)
"""One row for each test image; `sr_image` is a PNG of the size of the ground truth, or null where
`problem` says what the method lacked."""


def pick_rows(examples: IdentityExamples, rows: Sequence[int]) -> IdentityExamples:
    """Return some of the examples, in the order of `rows`."""
    columns = cast("dict[str, Any]", examples)
    picked = {
        name: column[rows] if isinstance(column, torch.Tensor) else [column[row] for row in rows]
        for name, column in columns.items()
    }
    return cast("IdentityExamples", picked)


def split_examples(examples: IdentityExamples, batch_size: int) -> Iterator[IdentityExamples]:
    """Cut examples into batches in their order; the last may be smaller."""
    rows = range(len(examples["keys"]))
    for start in range(0, len(rows), batch_size):
        yield pick_rows(examples, list(rows[start : start + batch_size]))


def restore_steadily(
    restore: Callable[[IdentityExamples], UInt8[np.ndarray, "B S S 3"]],
    examples: IdentityExamples,
    device: torch.device,
) -> UInt8[np.ndarray, "B S S 3"]:
    """Restore so that no image depends on its batch: one after the other on a CPU, else at once.

    The CPU's convolutions and matrix products add up in another order in a batch of another size,
    which changes one value in some 50,000 by one level. Batches gain a fifth there in time; on a
    GPU they gain much, and results agree to that level.

    Args:
        restore: Restores a batch.
        examples: The batch.
        device: Where `restore` computes.
    """
    if device.type == "cpu":
        return np.concatenate([restore(single) for single in split_examples(examples, 1)])
    return restore(examples)


def load_needed(
    shards: Sequence[Path], identity: str, method: Method, restorer: Restorer, num_fit_images: int
) -> IdentityExamples:
    """Load the test images of a person with what a method needs beside them.

    Args:
        shards: Test shards of one scale factor.
        identity: The person's name.
        method: What it needs.
        restorer: The method made ready.
        num_fit_images: Of the person, whose mean z_id is taken; 0 takes all.
    """
    examples = load_identity(shards, identity, "test")
    if "ref_image" in method.needs:
        size = restorer.native_size or 0
        examples["ref_image"] = load_ref_images(shards, identity, "test", size)
    if "mean_z_id" in method.needs:
        mean = load_mean_z_id(shards, identity, num_fit_images)
        examples["mean_z_id"] = mean.repeat(len(examples["keys"]), 1)
    return examples


def find_problems(method: Method, examples: IdentityExamples) -> list[str]:
    """Say for each image what the method needs and the image has not; "" if nothing.

    Raises:
        IdfsrError: The method needs what no image of a shard has.
    """
    columns = cast("dict[str, Any]", examples)
    problems = [""] * len(examples["keys"])
    for need in method.needs:
        if NEED_COLUMNS[need] not in columns:
            message = f"{method.name}: needs {need}, which the shards do not hold"
            raise IdfsrError(message)
        finite: Bool[torch.Tensor, "B"] = (
            columns[NEED_COLUMNS[need]].flatten(1).isfinite().all(dim=1)
        )
        problems = [
            problem or ("" if has else f"no {need}")
            for problem, has in zip(problems, finite.tolist(), strict=True)
        ]
    return problems


def restore_identity(
    method: Method,
    restorer: Restorer,
    examples: IdentityExamples,
    identity: str,
    scale_factor: int,
    batch_size: int,
) -> pd.DataFrame:
    """Restore all test images of one person.

    Args:
        method: What it needs, and its name in the table.
        restorer: The method made ready.
        examples: The images.
        identity: The person's name.
        scale_factor: Of the images.
        batch_size: Images at a time.

    Returns:
        The columns of `RESTORED_SCHEMA`; images that cannot be restored stand in it too.

    Raises:
        IdfsrError: See `find_problems`.
    """
    problems = find_problems(method, examples)
    rows = [row for row, problem in enumerate(problems) if not problem]
    ready = pick_rows(examples, rows)
    if rows:
        ready, found = restorer.examine(ready)
        for row, problem in zip(rows, found, strict=True):
            problems[row] = problem
        ready = pick_rows(ready, [index for index, problem in enumerate(found) if not problem])
        rows = [row for row in rows if not problems[row]]
    restored: list[bytes] = []
    with tqdm(desc=f"restore {identity}", total=len(rows), unit="img") as bar:
        for batch in split_examples(ready, batch_size):
            restored += [encode_png(image) for image in restorer.restore(batch)]
            bar.update(len(batch["keys"]))
    sr_images = dict(zip(rows, restored, strict=True))
    return pd.DataFrame(
        {
            "identity": identity,
            "image": examples["images"],
            "scale_factor": scale_factor,
            "method": method.name,
            "sr_image": [sr_images.get(row) for row in range(len(problems))],
            "problem": problems,
            "model_digest": restorer.model_digest,
        }
    )
