"""A network on aligned faces of a person, each with the nearest photograph as style."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from idfsr.config.types import ScaleFactor
from idfsr.faces.prepare import Prepared, shard_row
from idfsr.faces.warp import landmark_distance
from idfsr.io.examples import load_identity
from idfsr.io.shards import write_shard
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.photographs.networks import PhotographNetworks


def rank_references(
    references: Sequence[Prepared], landmarks: Float[np.ndarray, "5 2"]
) -> list[Prepared]:
    """Return photographs of a person as references, the nearest pose first.

    Args:
        references: The photographs.
        landmarks: (x, y) of the face that is to be restored.
    """
    return sorted(references, key=lambda item: landmark_distance(item.target.landmarks, landmarks))


def apply_network(
    faces: Sequence[Prepared],
    references: Sequence[Prepared],
    z_id: Float[Tensor, "D"],
    loaded: PhotographNetworks,
    scale_factor: ScaleFactor,
) -> UInt8[np.ndarray, "B S S 3"]:
    """Restore aligned faces.

    Args:
        faces: Of part "test" and one identity, prepared at the scale factor; the names of their
            rows seed the noise.
        references: Photographs of the person.
        z_id: Of the person; other methods than the fitted network take none.
        loaded: See `load_photograph_networks`.
        scale_factor: How many times too small the faces are taken to be.
    """
    ranked = [rank_references(references, item.lr_landmarks)[0] for item in faces]
    rows = [
        shard_row(item, [nearest], scale_factor)
        for item, nearest in zip(faces, ranked, strict=True)
    ]
    with TemporaryDirectory() as folder:
        shard = Path(folder) / "faces.parquet"
        write_shard(rows, shard, {"scale_factor": str(scale_factor)}, loaded.model.config.id_dim)
        examples = load_identity([shard], faces[0].row.identity, "test")
    if loaded.other:
        return loaded.other.restore(examples, references, ranked, scale_factor)
    method = IdfsrRestorer(
        model=loaded.model,
        model_digest=loaded.model_digest,
        fitted_z_id=z_id,
        num_inference_steps=loaded.config.restore.num_inference_steps,
        sampler=loaded.config.restore.sampler,
        precision=loaded.config.restore.precision,
        guidance=loaded.config.restore.guidance,
        seed=loaded.config.seed,
    )
    return method.restore(examples)
