"""Aligned face crops with labels, on which the small ID encoder and attribute network train."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow as pa
from tqdm import tqdm

from idfsr.errors import IdfsrError
from idfsr.faces.align import align_arcface
from idfsr.faces.targets import Face, read_faces
from idfsr.io.images import encode_png, read_photograph
from idfsr.io.schemas import KEY
from idfsr.io.tables import check_once, read_table

LABELS = ("age_years", "gender", "expression")
"""What the renderer knows of each image."""

CROPS_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "crop": pa.binary(),
        "age_years": pa.float32(),
        "gender": pa.string(),
        "expression": pa.string(),
    }
)
"""One row for each image with a face; `crop` is a PNG of 112 x 112 pixels."""


def _crop(face: Face) -> bytes:
    return encode_png(align_arcface(read_photograph(face.path, face.sha256), face.landmarks))


def make_crops(
    manifest: Path, landmarks: Sequence[Path], root: Path, ground_truth: Path, threads: int
) -> pd.DataFrame:
    """Cut out the face of every image and join what is known of it.

    Args:
        manifest: Of the index stage.
        landmarks: All shards of the landmarks stage.
        root: Folder to which the manifest's paths are relative.
        ground_truth: Of the renderer.
        threads: Images worked on at the same time.

    Returns:
        The columns of `CROPS_SCHEMA`, sorted by identity and image.

    Raises:
        IdfsrError: A file is missing, an image has no ground truth, or there is no face at all.
    """
    faces = dict(sorted(read_faces(manifest, landmarks, root).items()))
    labels = check_once(read_table(ground_truth, [*KEY, *LABELS]), str(ground_truth))
    table = pd.DataFrame(list(faces), columns=KEY).merge(
        labels, on=KEY, how="left", validate="one_to_one"
    )
    unknown = table[table["gender"].isna()]
    if table.empty or len(unknown):
        what = "/".join(unknown[KEY].iloc[0]) if len(unknown) else "faces"
        message = f"{ground_truth}: found nothing on {what}, wanted labels of every face"
        raise IdfsrError(message)
    with ThreadPoolExecutor(threads) as pool:
        crops = list(tqdm(pool.map(_crop, faces.values()), total=len(faces), unit="image"))
    return table.assign(crop=crops)
