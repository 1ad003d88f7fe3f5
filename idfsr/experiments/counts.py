"""How many photographs of a person the fit needs (IDFSR, Fig. 7).

z_id is fitted to the first few fit images, and the mean of the same few stands beside it. The
reference that gives the style stays what it is, so that z_id alone changes.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from idfsr.config.figures import CountsStage
from idfsr.errors import IdfsrError
from idfsr.io.examples import IdentityExamples, load_identity, load_mean_z_id
from idfsr.io.shards import read_shard
from idfsr.methods.engine.registry import find_method
from idfsr.methods.engine.restore import restore_identity
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.models.idfsr import IDFSR
from idfsr.training.fit import fit_identities

MEAN, FITTED = "idfsr-mean", "idfsr-ft"


def people_with(shards: Sequence[Path], num_photographs: int) -> tuple[list[str], list[str]]:
    """Return the test people with so many fit images, and the others.

    Raises:
        IdfsrError: Nobody has.
    """
    table = read_shard(shards, ["identity", "part"]).to_pandas()
    fit_images = table["identity"][table["part"] == "fit"].value_counts()
    people = sorted(set(table["identity"][table["part"] == "test"]))
    enough = [identity for identity in people if fit_images.get(identity, 0) >= num_photographs]
    if not enough:
        message = (
            f"{shards[0]}: found at most {fit_images.max()} fit images of a person, wanted "
            f"{num_photographs} as in counts.num_photographs"
        )
        raise IdfsrError(message)
    return enough, [identity for identity in people if identity not in enough]


def _null_rows(shards: Sequence[Path], identity: str, method: str, problem: str) -> pd.DataFrame:
    columns = ["identity", "image", "scale_factor"]
    rows: pd.DataFrame = read_shard(shards, columns, "test", identity).to_pandas()
    return rows.assign(method=method, sr_image=None, problem=problem, model_digest="")


def restore_with_few(
    shards: Sequence[Path],
    model: IDFSR,
    restorer: IdfsrRestorer,
    config: CountsStage,
    num_photographs: int,
    scale_factor: int,
) -> dict[str, pd.DataFrame]:
    """Restore all test images with z_id of the first few fit images of each person.

    Args:
        shards: Test shards of one scale factor.
        model: The network, to be fitted.
        restorer: The same, to restore.
        config: Of the fit, which begins with the mean of the few, and of restoring.
        num_photographs: How many.
        scale_factor: Of the shards.

    Returns:
        By method, `MEAN` and `FITTED`, the columns of `RESTORED_SCHEMA`; images of people with
        fewer photographs than the largest of `counts.num_photographs` are not restored.

    Raises:
        IdfsrError: Nobody has enough photographs, or see `load_identity`.
    """
    wanted = max(config.counts.num_photographs)
    people, others = people_with(shards, wanted)
    fit = dataclasses.replace(config.fit, num_images=num_photographs, init="mean")
    tables: dict[str, list[pd.DataFrame]] = {MEAN: [], FITTED: []}
    for start in tqdm(range(0, len(people), fit.identities_at_once), unit="group"):
        group = people[start : start + fit.identities_at_once]
        examples: list[tuple[IdentityExamples, IdentityExamples]] = [
            (
                load_identity(shards, identity, "fit", num_photographs),
                load_identity(shards, identity, "test"),
            )
            for identity in group
        ]
        results = fit_identities(model, examples, fit, config.seed)
        for identity, (_, test), result in zip(group, examples, results, strict=True):
            z_ids = {MEAN: load_mean_z_id(shards, identity, num_photographs), FITTED: result.z_id}
            for method, z_id in z_ids.items():
                ready = dataclasses.replace(restorer, fitted_z_id=z_id)
                table = restore_identity(
                    dataclasses.replace(find_method(method), needs=()),
                    ready, test, identity, scale_factor, config.restore.batch_size,
                )  # fmt: skip
                tables[method].append(table)
    for method, parts in tables.items():
        problem = f"fewer than {wanted} photographs"
        parts += [_null_rows(shards, identity, method, problem) for identity in others]
    return {method: pd.concat(parts, ignore_index=True) for method, parts in tables.items()}
