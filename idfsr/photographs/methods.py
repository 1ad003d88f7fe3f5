"""Other methods of the tables on faces in photographs, in the place of the fitted network."""

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from idfsr.config.restore import RestoreStage
from idfsr.config.types import ScaleFactor
from idfsr.errors import IdfsrError
from idfsr.faces.prepare import Prepared
from idfsr.io.examples import IdentityExamples, mean_direction
from idfsr.io.places import locate
from idfsr.io.tensors import to_network
from idfsr.methods.engine.contract import Method, Restorer
from idfsr.methods.engine.registry import find_method, load_method, method_names
from idfsr.methods.engine.restore import find_problems
from idfsr.run.config import Config, method_settings


def other_methods() -> list[str]:
    """Return the methods that need no fit file of a run."""
    return [name for name in method_names() if "embedding" not in find_method(name).run_files]


@dataclasses.dataclass(frozen=True, kw_only=True)
class OtherMethod:
    """A method, and the settings that it is made ready from."""

    method: Method
    config: Config

    @cached_property
    def _ready(self) -> dict[ScaleFactor, Restorer]:
        return {}

    def restorer(self, scale_factor: ScaleFactor) -> Restorer:
        """Return the method, ready for faces that are so many times too small.

        Raises:
            IdfsrError: See `load_method`.
        """
        if scale_factor not in self._ready:
            name = self.method.name
            stage = RestoreStage(
                seed=self.config.seed,
                restore=self.config.restore,
                num_fit_images=0,
                method=method_settings(self.config, name),
            )
            self._ready[scale_factor] = load_method(
                name,
                stage,
                scale_factor=scale_factor,
                weights_list=Path(self.config.weights.baselines),
                model=locate(self.config.weights.idfsr)
                if "model" in self.method.run_files
                else None,
            )
        return self._ready[scale_factor]

    def restore(
        self,
        examples: IdentityExamples,
        references: Sequence[Prepared],
        ranked: Sequence[Prepared],
        scale_factor: ScaleFactor,
    ) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore faces.

        Args:
            examples: The faces.
            references: All photographs of the person.
            ranked: The one that is nearest to each face.
            scale_factor: Of the faces.

        Raises:
            IdfsrError: See `restorer`; or a face lacks what the method needs.
        """
        restorer = self.restorer(scale_factor)
        if "ref_image" in self.method.needs:
            images = np.stack([item.target.gt_image for item in ranked])
            examples["ref_image"] = to_network(images)[:, None]
        if "mean_z_id" in self.method.needs:
            z_ids = torch.from_numpy(np.stack([item.z_id for item in references]))
            examples["mean_z_id"] = mean_direction(z_ids).repeat(len(ranked), 1)
        problems = find_problems(self.method, examples)
        if not any(problems):
            examples, problems = restorer.examine(examples)
        for key, problem in zip(examples["keys"], problems, strict=True):
            if problem:
                message = f"{key}: {self.method.name}: {problem}"
                raise IdfsrError(message)
        return restorer.restore(examples)
