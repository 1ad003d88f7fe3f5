"""What a method of the tables says of itself, and what it does once it is ready.

`METHODS` of a module, or of a folder's `__init__`, declares them: the modules are those of
`idfsr.methods`, and those that the entry points of other packages name (docs/add-a-method.md).
`idfsr.methods.engine.check` tries both.

Settings of a run, tables and figures read what methods say of themselves, so neither this module
nor a method's own may import torch: `Method.load` imports it, or a module that does.
"""

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from jaxtyping import UInt8

from idfsr.config.restore import RestoreConfig

Need = Literal["reference", "ref_image", "mean_z_id", "landmarks5", "landmarks68"]

NEED_COLUMNS: Final[Mapping[Need, str]] = {
    "reference": "warped_ref",
    "ref_image": "ref_image",
    "mean_z_id": "mean_z_id",
    "landmarks5": "lr_landmarks",
    "landmarks68": "lr_landmarks_68",
}
"""Where each stands in the examples. An image lacks it where a number there is not finite."""

RunFile = Literal["model", "embedding"]
"""What a run makes for its own methods: the pretrained network, a person's fitted embedding."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a method is made ready from."""

    seed: int
    """Of the run."""
    restore: RestoreConfig = field(default_factory=RestoreConfig)
    settings: Any = None
    """The method's own, an instance of `Method.settings`; None if it has none."""
    scale_factor: int
    weights: Mapping[str, Path] = field(default_factory=dict)
    """Files by their names in config/weights.yaml; those that `Method.weights` lists."""
    model: Path | None = None
    """The network that the run trains; there where `Method.run_files` lists it."""


class Restorer(abc.ABC):
    """A method that is ready to restore."""

    model_digest: str = ""
    """Of the weights; empty without any."""

    @property
    def native_size(self) -> int | None:
        """Side in pixels of the image its network gives, None if it works at any size.

        Results are brought from it to the size of the ground truth.
        """
        return None

    @property
    def id_encoder(self) -> str | None:
        """Digest of the ID encoder whose z_id its network knows; None if it takes no z_id."""
        return None

    def fitted(self, embedding: Path, identity: str, scale_factor: int) -> "Restorer":
        """Return the method with a person's fitted embedding, if `Method.run_files` lists that.

        Args:
            embedding: Its file.
            identity: The person.
            scale_factor: Of the images.

        Raises:
            IdfsrError: The file is missing, or is of another person, scale factor or network.
        """
        raise NotImplementedError

    def examine(self, examples: Any) -> tuple[Any, list[str]]:
        """Look at all images before any is restored; most methods need not.

        Args:
            examples: Of `idfsr.io.examples.IdentityExamples`, a class that needs torch.

        Returns:
            The examples for `restore`, with what was found in them, and for each image why it
            cannot be restored; "" if it can.
        """
        return examples, [""] * len(examples["keys"])

    @abc.abstractmethod
    def restore(self, examples: Any) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore a batch, all of whose images have what the method needs.

        The result for an image depends on that image's row alone, not on the others of the batch;
        random numbers are seeded by its key. The ground truth serves for its size only.

        Args:
            examples: See `examine`.
        """


@dataclass(frozen=True, kw_only=True)
class Method:
    """What a method says of itself."""

    name: str
    """In the settings of a run, in file names and in the columns of tables."""
    label: str
    """In print, as its authors spell it."""
    load: Callable[[Context], Restorer]
    """Makes it ready, on the GPU where there is one; a weight file that is not what it should be
    is an `IdfsrError`."""
    colour: str = ""
    """Of its points in the figures, "#rrggbb"; empty is a quiet grey."""
    needs: tuple[Need, ...] = ()
    """Beside the low-resolution image."""
    weights: tuple[str, ...] = ()
    """Names in config/weights.yaml."""
    conditions: tuple[str, ...] = ()
    """Networks whose word on a face it is given: names in config/weights.yaml, or a setting of the
    run's weights such as "weights.id_encoder"."""
    run_files: tuple[RunFile, ...] = ()
    """Files of the run itself; a method of others takes none."""
    settings: type | None = None
    """Section of its own settings (`idfsr.config.types.section`); None if it has none."""
    settings_of: str = ""
    """Name of the method whose settings it shares; empty if they are its own."""
    package: str = ""
    """A package that it needs beyond the requirements; the extra is called the same."""
    needs_gpu: bool = True
    """Whether its jobs ask for a GPU where there is one."""
    memory_mb: int = 8000
    """Megabytes that its jobs ask for."""
