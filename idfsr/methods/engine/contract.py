"""What a method of the tables must do, and how it is run on the test images of one person.

A method of one's own is a sub-class of `Baseline`, which a package names in its entry point group
`idfsr.methods` (docs/add-a-method.md); `idfsr.methods.engine.check` tries it.
"""

import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Protocol, cast, runtime_checkable

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from jaxtyping import Bool, UInt8
from tqdm import tqdm

from idfsr.errors import IdfsrError
from idfsr.io.examples import IdentityExamples
from idfsr.io.images import encode_png

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

Need = Literal["reference", "ref_image", "landmarks5", "landmarks68"]

NEED_COLUMNS: Final[Mapping[Need, str]] = {
    "reference": "warped_ref",
    "ref_image": "ref_image",
    "landmarks5": "lr_landmarks",
    "landmarks68": "lr_landmarks_68",
}
"""Where each stands in the examples. An image lacks it where a number there is not finite."""


@runtime_checkable
class Method(Protocol):
    """A way to restore faces, ready to do so."""

    @property
    def name(self) -> str:
        """As in the tables."""

    @property
    def needs(self) -> tuple[Need, ...]:
        """Beside the low-resolution image."""

    @property
    def model_digest(self) -> str:
        """Of the weights; empty without any."""

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore a batch, all of whose images have what the method needs.

        The result for an image depends on that image's row alone, not on the others of the batch;
        random numbers are seeded by its key. The ground truth serves for its size only.
        """


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a method is made from."""

    seed: int
    """Of the run."""
    settings: Mapping[str, Any]
    """The method's own; empty if it has none."""
    scale_factor: int
    weights: Mapping[str, Path]
    """Files by their names in config/weights.yaml; those that `Baseline.weights` lists."""


class Baseline(abc.ABC):
    """A method that others published, or one of your own; a `Method` without the fit."""

    name: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]] = ()
    weights: ClassVar[tuple[str, ...]] = ()
    """Names in config/weights.yaml."""
    model_digest: str = ""

    @property
    def native_size(self) -> int | None:
        """Side in pixels of the image its network gives, None if it works at any size.

        Results are brought from it to the size of the ground truth.
        """
        return None

    @classmethod
    def load(cls, context: Context) -> "Baseline":  # noqa: ARG003 - for those with weights
        """Make it ready, on the GPU where there is one.

        Raises:
            IdfsrError: A weight file is not what it should be.
        """
        return cls()

    def examine(self, examples: IdentityExamples) -> tuple[IdentityExamples, list[str]]:
        """Look at all images before any is restored; most methods need not.

        Returns:
            The examples for `restore`, with what was found in them, and for each image why it
            cannot be restored; "" if it can.
        """
        return examples, [""] * len(examples["keys"])

    @abc.abstractmethod
    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore a batch; see `Method.restore`."""


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
    examples: IdentityExamples,
    identity: str,
    scale_factor: int,
    batch_size: int,
) -> pd.DataFrame:
    """Restore all test images of one person.

    Args:
        method: How.
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
    if rows and isinstance(method, Baseline):
        ready, found = method.examine(ready)
        for row, problem in zip(rows, found, strict=True):
            problems[row] = problem
        ready = pick_rows(ready, [index for index, problem in enumerate(found) if not problem])
        rows = [row for row in rows if not problems[row]]
    restored: list[bytes] = []
    with tqdm(desc=f"restore {identity}", total=len(rows), unit="img") as bar:
        for batch in split_examples(ready, batch_size):
            restored += [encode_png(image) for image in method.restore(batch)]
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
            "model_digest": method.model_digest,
        }
    )
