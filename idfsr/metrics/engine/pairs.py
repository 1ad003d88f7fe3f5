"""Pairs of a restored image and its ground truth, out of the files of a run."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8

from idfsr.constants import NUM_LANDMARKS
from idfsr.errors import IdfsrError
from idfsr.faces.align import align_arcface
from idfsr.io.images import decode_png
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.io.tables import read_table
from idfsr.metrics.engine.metric import ImageBatch, Pairs

_RESTORED_COLUMNS: Final = (*KEY, "scale_factor", "method", "sr_image", "model_digest")
_SHARD_COLUMNS: Final = (*KEY, "scale_factor", "gt_image", "landmarks")
_NUM_NAMED: Final = 3  # images named in an error


def read_truth(shards: Sequence[Path]) -> pd.DataFrame:
    """Return the test rows of shards: identity, image, scale_factor, gt_image (PNG), landmarks."""
    table: pd.DataFrame = read_shard(shards, columns=_SHARD_COLUMNS, part="test").to_pandas()
    return table


def read_references(shards: Sequence[Path]) -> tuple[list[list[tuple[str, str]]], pd.DataFrame]:
    """Return the references of each test image, and the photographs that these are.

    A reference that has no row in the shards, since it has no reference itself, is left out.

    Returns:
        Identity and image of the references of each row of `read_truth`; and of each photograph
        among them once, identity, image, gt_image and landmarks.
    """
    rows = read_shard(shards, [*KEY, "gt_image", "landmarks", "part", "references"]).to_pylist()
    known = {(row["identity"], row["image"]) for row in rows}
    named = [
        [
            (row["identity"], reference["image"])
            for reference in row["references"]
            if (row["identity"], reference["image"]) in known
        ]
        for row in rows
        if row["part"] == "test"
    ]
    wanted = {key for keys in named for key in keys}
    used = [row for row in rows if (row["identity"], row["image"]) in wanted]
    return named, pd.DataFrame(used, columns=[*KEY, "gt_image", "landmarks"])


def sort_by_scale(
    shards: Sequence[Path], restored: Sequence[Path]
) -> dict[int, tuple[list[Path], list[Path]]]:
    """Put shards and restored images of one scale factor together.

    Returns:
        Scale factor, rising, to its shards and its tables of restored images.

    Raises:
        IdfsrError: A file has no row or rows of several scale factors, or a scale factor has only
            one of the two.
    """
    of_shards, of_restored = _group_by_scale(shards), _group_by_scale(restored)
    if set(of_shards) != set(of_restored):
        found, wanted = (", ".join(map(str, sorted(one))) for one in (of_restored, of_shards))
        message = f"restored images: found scale factor {found or 'none'}, wanted {wanted or 'one'}"
        raise IdfsrError(message)
    return {scale: (of_shards[scale], of_restored[scale]) for scale in sorted(of_shards)}


def _group_by_scale(paths: Sequence[Path]) -> dict[int, list[Path]]:
    groups: dict[int, list[Path]] = {}
    for path in paths:
        scales = set(read_table(path, columns=["scale_factor"])["scale_factor"])
        if len(scales) != 1:
            found = ", ".join(map(str, sorted(scales))) or "none"
            message = f"{path}: found scale factor {found}, wanted rows of one"
            raise IdfsrError(message)
        groups.setdefault(int(scales.pop()), []).append(path)
    return groups


def read_pairs(
    shards: Sequence[Path], restored: Sequence[Path], method: str, scale_factor: int
) -> pd.DataFrame:
    """Join the restored images of one method and scale with the test images of the shards.

    Args:
        shards: Their rows of part "test" are the ground truth.
        restored: Tables of restored images.
        method: What every restored row must be of.
        scale_factor: Of every row of both.

    Returns:
        A row a pair, sorted by identity and image: gt_image, sr_image (PNG), landmarks, method,
        scale_factor, model_digest. Images that the method could not restore are not among them; it
        may have restored none.

    Raises:
        IdfsrError: A restored image has no ground truth or the reverse, an image occurs twice, a
            row is of another method or scale.
    """
    truth = read_truth(shards)
    if not restored:
        message = "no restored images given, wanted at least one Parquet table"
        raise IdfsrError(message)
    results = pd.concat([_read_restored(path, method) for path in restored], ignore_index=True)
    for name, table in (("shards", truth), ("restored images", results)):
        _check_rows(table, name, scale_factor)
    left, right = (table.set_index(KEY).index for table in (truth, results))
    _check_complete(right.difference(left), "restored but without a test row in the shards")
    _check_complete(left.difference(right), "in the shards' test part but not restored")
    results = results[results["sr_image"].notna()]
    joined = truth.drop(columns="scale_factor").merge(results, on=KEY, validate="one_to_one")
    return joined.sort_values(KEY, ignore_index=True)


def common_problem(restored: Sequence[Path]) -> str:
    """Return the most frequent reason why images could not be restored, "" if none is known."""
    tables = [read_table(path) for path in restored]
    problems = [problem for table in tables for problem in table.get("problem", ()) if problem]
    return max(problems, key=problems.count, default="")


def _read_restored(path: Path, method: str) -> pd.DataFrame:
    table = read_table(path, columns=_RESTORED_COLUMNS)
    found = sorted(set(table["method"]) - {method})
    if found:
        message = f"{path}: found method {', '.join(found)}, wanted {method}"
        raise IdfsrError(message)
    return table


def _check_rows(table: pd.DataFrame, name: str, scale_factor: int) -> None:
    found = sorted(set(table["scale_factor"]) - {scale_factor})
    if found:
        message = f"{name}: found scale factor {', '.join(map(str, found))}, wanted {scale_factor}"
        raise IdfsrError(message)
    twice = table.loc[table.duplicated(KEY), KEY]
    if len(twice):
        message = f"{name}: found {'/'.join(twice.iloc[0])} twice, wanted each image once"
        raise IdfsrError(message)
    if table.empty:
        message = f"{name}: found no test image, wanted at least one"
        raise IdfsrError(message)


def _check_complete(keys: pd.Index, problem: str) -> None:
    if len(keys):
        named = ", ".join("/".join(key) for key in keys[:_NUM_NAMED])
        more = f" and {len(keys) - _NUM_NAMED} more" if len(keys) > _NUM_NAMED else ""
        message = f"found images {problem}: {named}{more}; wanted the same in both"
        raise IdfsrError(message)


def truth_batches(rows: pd.DataFrame, batch_size: int) -> Iterator[ImageBatch]:
    """Decode and crop the ground truth alone, a batch at a time.

    Args:
        rows: Of `read_truth`.
        batch_size: Images of a batch; the last may have fewer.
    """
    for start in range(0, len(rows), batch_size):
        chunk = rows.iloc[start : start + batch_size]
        images = [decode_png(data) for data in chunk["gt_image"]]
        yield _crop(images, _landmarks(chunk))


def _landmarks(rows: pd.DataFrame) -> list[Float[np.ndarray, "5 2"]]:
    return [
        np.asarray(points, dtype=np.float64).reshape(NUM_LANDMARKS, 2)
        for points in rows["landmarks"]
    ]


def batches(rows: pd.DataFrame, batch_size: int) -> Iterator[Pairs]:
    """Decode and crop the pairs, a batch at a time.

    Args:
        rows: Of `read_pairs`.
        batch_size: Images of a batch; the last may have fewer.

    Raises:
        IdfsrError: A restored image differs in size from its ground truth, or that from the rest.
    """
    size: tuple[int, ...] | None = None
    for start in range(0, len(rows), batch_size):
        chunk = rows.iloc[start : start + batch_size]
        gt_images = [decode_png(data) for data in chunk["gt_image"]]
        sr_images = [decode_png(data) for data in chunk["sr_image"]]
        size = size or gt_images[0].shape
        names = ["/".join(key) for key in chunk[KEY].itertuples(index=False)]
        check_sizes(names, gt_images, sr_images, size)
        yield crop_pairs(gt_images, sr_images, _landmarks(chunk))


def check_sizes(
    names: Sequence[str],
    gt_images: Sequence[UInt8[np.ndarray, "_ _ 3"]],
    sr_images: Sequence[UInt8[np.ndarray, "_ _ 3"]],
    size: tuple[int, ...],
) -> None:
    """Refuse images of another size.

    Args:
        names: Of the pairs.
        gt_images: One for each name.
        sr_images: One for each name.
        size: Wanted shape.

    Raises:
        IdfsrError: Names the first image of another size.
    """
    for name, *pair in zip(names, gt_images, sr_images, strict=True):
        for role, image in zip(("ground truth", "restored image"), pair, strict=True):
            if image.shape != size:
                message = (
                    f"{name}: found a {role} of {_text(image.shape)}, "
                    f"wanted {_text(size)} as the others"
                )
                raise IdfsrError(message)


def crop_pairs(
    gt_images: Sequence[UInt8[np.ndarray, "H W 3"]],
    sr_images: Sequence[UInt8[np.ndarray, "H W 3"]],
    landmarks: Sequence[Float[np.ndarray, "5 2"]],
) -> Pairs:
    """Cut the faces out of both images of each pair, by the landmarks of the ground truth."""
    return Pairs(sr=_crop(sr_images, landmarks), gt=_crop(gt_images, landmarks))


def _crop(
    images: Sequence[UInt8[np.ndarray, "H W 3"]], landmarks: Sequence[Float[np.ndarray, "5 2"]]
) -> ImageBatch:
    crops = [align_arcface(*pair) for pair in zip(images, landmarks, strict=True)]
    return ImageBatch(np.stack(images), np.stack(crops))


def _text(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]} px"
