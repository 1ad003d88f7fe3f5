"""Photographs of a person in, restored photographs out: detect, align, restore, paste back."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from jaxtyping import Float, UInt8

from idfsr.config.types import ScaleFactor
from idfsr.errors import IdfsrError
from idfsr.faces.align import align_arcface, ffhq_matrix
from idfsr.faces.detector import Detections
from idfsr.faces.paste import paste_back
from idfsr.faces.prepare import Prepared, TargetRow, prepare_images, shard_row
from idfsr.faces.targets import Face, Target
from idfsr.faces.warp import landmark_distance
from idfsr.io.digests import file_digest
from idfsr.io.examples import load_identity
from idfsr.io.images import read_image, resize
from idfsr.io.shards import write_shard
from idfsr.io.tensors import to_network
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.person import Person

MAX_PIXELS = 100_000_000
"""Of a restored photograph."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Restored:
    """A restored photograph."""

    image: UInt8[np.ndarray, "H W 3"]
    num_faces: int
    """Found in it."""
    chosen: tuple[int, ...]
    """Which of them were restored, the first having the highest score."""
    similarities: Float[np.ndarray, "N"]
    """Of each face found to the person: cosine to the mean of the references."""
    enlarged: int
    """Factor by which the photograph was enlarged."""


def measure_similarity(
    image: UInt8[np.ndarray, "H W 3"], faces: Detections, person: Person, loaded: PhotographNetworks
) -> Float[np.ndarray, "N"]:
    """Return the cosine of each face's z_id to the mean of the person's references."""
    crops = np.stack([align_arcface(image, landmarks) for landmarks in faces.landmarks])
    mean = person.ref_z_id.mean(dim=0)
    z_ids = loaded.networks.embed(to_network(crops)).cpu()
    return torch.nn.functional.cosine_similarity(z_ids, mean[None]).numpy()


def rank_references(person: Person, landmarks: Float[np.ndarray, "5 2"]) -> list[Prepared]:
    """Return the person's photographs as references, the nearest pose first.

    Args:
        person: Whose they are.
        landmarks: (x, y) of the face that is to be restored.
    """
    no_box, no_crop = np.zeros(4, np.float32), np.zeros((112, 112, 3), np.uint8)
    references = [
        Prepared(
            row=TargetRow(person.name, str(index), "fit"),
            target=Target(image, points, no_box, no_crop),
            lr_image=image,
            lr_landmarks=points,
            lr_detected=True,
            z_id=z_id,
        )
        for index, (image, points, z_id) in enumerate(
            zip(
                person.ref_images.numpy(),
                person.ref_landmarks.numpy(),
                person.ref_z_id.numpy(),
                strict=True,
            )
        )
    ]
    return sorted(references, key=lambda item: landmark_distance(item.target.landmarks, landmarks))


def restore_faces(
    path: Path,
    faces: Sequence[Face],
    person: Person,
    loaded: PhotographNetworks,
    scale_factor: ScaleFactor,
) -> UInt8[np.ndarray, "B S S 3"]:
    """Restore some faces of a photograph, each aligned, made small and made large again.

    Args:
        path: Of the photograph; the noise is seeded by its name.
        faces: In it.
        person: Whose they are.
        loaded: See `load_photograph_networks`.
        scale_factor: How many times too small the faces are taken to be.
    """
    rows = [TargetRow(person.name, f"{path.name}#{index}", "test") for index in range(len(faces))]
    by_key = {(row.identity, row.image): face for row, face in zip(rows, faces, strict=True)}
    prepared = prepare_images(rows, by_key, loaded.networks, loaded.preparing, scale_factor)
    shard_rows = [
        shard_row(item, rank_references(person, item.lr_landmarks)[:1], scale_factor)
        for item in prepared
    ]
    with TemporaryDirectory() as folder:
        shard = Path(folder) / "faces.parquet"
        write_shard(shard_rows, shard, {"scale_factor": str(scale_factor)})
        examples = load_identity([shard], person.name, "test")
    method = IdfsrRestorer(
        model=loaded.model,
        model_digest=loaded.model_digest,
        fitted_z_id=person.z_id,
        num_inference_steps=loaded.config.restore.num_inference_steps,
        guidance=loaded.config.restore.guidance,
        seed=loaded.config.seed,
    )
    return method.restore(examples)


def restore_photograph(
    path: Path,
    person: Person,
    loaded: PhotographNetworks,
    scale_factor: ScaleFactor,
    *,
    all_faces: bool,
) -> Restored:
    """Restore the person in a photograph; the rest of it is enlarged and left as it is.

    The photograph is enlarged by a whole factor, at most the scale factor, so that the restored
    face comes out at the size that the network gives; a photograph whose face is as large already
    keeps its size.

    Args:
        path: Of the photograph.
        person: The one to find and restore.
        loaded: See `load_photograph_networks`.
        scale_factor: How many times too small the face is taken to be.
        all_faces: Restore every face as this person, not only the one most like them.

    Raises:
        IdfsrError: The photograph cannot be read, shows no face, or would become too large.
    """
    image = read_image(path)
    (found,) = loaded.detector.detect([image], loaded.config.landmarks.image_size)
    if not len(found.scores):
        message = f"{path}: found no face, wanted at least one"
        raise IdfsrError(message)
    similarities = measure_similarity(image, found, person, loaded)
    chosen = range(len(found.scores)) if all_faces else [int(similarities.argmax())]
    sha256 = file_digest(path)
    faces = [Face(path, sha256, found.boxes[index], found.landmarks[index]) for index in chosen]
    matrices = [ffhq_matrix(face.landmarks, loaded.config.shards.image_size) for face in faces]
    wanted = max(math.sqrt(np.linalg.det(matrix[:, :2])) for matrix in matrices)
    enlarged = min(scale_factor, max(1, math.ceil(wanted - 0.05)))
    height, width = (side * enlarged for side in image.shape[:2])
    if height * width > MAX_PIXELS:
        message = (
            f"{path}: would have {width} x {height} pixels, wanted at most {MAX_PIXELS:,} in all; "
            "cut out the part with the face"
        )
        raise IdfsrError(message)
    canvas = resize(image, (height, width), "bicubic")
    restored = restore_faces(path, faces, person, loaded, scale_factor)
    for face, matrix in zip(restored, matrices, strict=True):
        canvas = paste_back(canvas, face, matrix / np.array([enlarged, enlarged, 1]))
    return Restored(
        image=canvas,
        num_faces=len(found.scores),
        chosen=tuple(chosen),
        similarities=similarities,
        enlarged=enlarged,
    )
