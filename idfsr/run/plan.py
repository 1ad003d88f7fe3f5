"""The jobs of a run: which people are in which shard and which batch, and so which files there are.

A plan is made of the settings and the split, as soon as there is one. Snakemake asks it at each
start, so nothing here imports torch or pandas.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from idfsr.dataset.sharding import ShardPart, plan_shards, read_split_rows
from idfsr.errors import IdfsrError
from idfsr.io.schemas import OK
from idfsr.io.seals import check_parquet
from idfsr.run.config import Config

FIT: Final = "results/{run}/fit/x{scale_factor}/{identity}"
"""Folder of what the fit of one person makes."""
FIT_LIST: Final = "results/{run}/fit/x{scale_factor}/batch-{batch}.tsv"
RESTORED: Final = "results/{run}/restored/x{scale_factor}/{method}/{identity}"
"""What the restoration of one person makes, without the ending."""
RESTORED_LIST: Final = "results/{run}/restored/x{scale_factor}/{method}/batch-{batch}.tsv"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """Who is worked on where. Scale factors are those of `shards.scale_factors`."""

    config: Config
    """Of the run."""
    pretrain: tuple[tuple[str, ...], ...]
    """The people of each pretraining shard."""
    test: tuple[tuple[str, ...], ...]
    """The people of each test shard, sorted through all of them."""

    @property
    def people(self) -> tuple[str, ...]:
        """The test identities, sorted."""
        return tuple(identity for shard in self.test for identity in shard)

    def shards(self, part: ShardPart, scale_factor: int) -> list[str]:
        """Return all shards of a part at one scale."""
        folder = f"results/{self.config.run}/shards/x{scale_factor}"
        shards = self.pretrain if part == "pretrain" else self.test
        return [f"{folder}/{part}-{number:05d}.parquet" for number in range(len(shards))]

    def shards_of_all_scales(self, part: ShardPart) -> list[str]:
        """Return all shards of a part."""
        return [
            path
            for scale_factor in self.config.shards.scale_factors
            for path in self.shards(part, scale_factor)
        ]

    def pretrain_shards(self) -> list[str]:
        """Return the shards that the pretraining reads, one of each scale if it trains nothing."""
        if self.config.pretrain.num_images:
            return self.shards_of_all_scales("pretrain")
        factors = self.config.shards.scale_factors
        return [path for factor in factors for path in self.shards("pretrain", factor)[:1]]

    def shards_of_first_scale(self, part: ShardPart) -> list[str]:
        """Return the shards of one scale: the ground truth is the same at every scale."""
        return self.shards(part, self.config.shards.scale_factors[0])

    def sample_shards(self) -> list[str]:
        """Return the first test shard of each scale, if the training is to restore images."""
        factors = self.config.shards.scale_factors if self.config.pretrain.sample_images else ()
        return [self.shards("test", scale_factor)[0] for scale_factor in factors]

    def shards_with(self, people: Collection[str], scale_factor: int) -> list[str]:
        """Return the test shards that hold some people.

        Raises:
            IdfsrError: One of them is not in the test part of the split.
        """
        if unknown := sorted(set(people) - set(self.people)):
            message = (
                f"results/{self.config.run}/split.tsv: found no {unknown[0]} in the test part, "
                f"wanted one of {len(self.people)} people there"
            )
            raise IdfsrError(message)
        shards = zip(self.shards("test", scale_factor), self.test, strict=True)
        return [path for path, identities in shards if not set(people).isdisjoint(identities)]

    def batches(self) -> list[str]:
        """Return the numbers of the batches of `identities_per_job` people, as in file names."""
        size = self.config.identities_per_job
        return [f"{number:05d}" for number in range(-(-len(self.people) // size))]

    def batch(self, number: str) -> list[str]:
        """Return the people of one batch."""
        size = self.config.identities_per_job
        start = int(number) * size
        return list(self.people[start : start + size])

    def of_all_people(
        self, name: str, batch_list: str, values: Sequence[Mapping[str, int | str]]
    ) -> list[str]:
        """Return the files of each test identity, or the lists of each batch of several.

        Args:
            name: Of a file, with {run} and {identity}.
            batch_list: Name of a list, with {run} and {batch}.
            values: Of the other words in braces, for each of the files of a person.
        """
        run = self.config.run
        if self.config.identities_per_job == 1:
            return [
                name.format(run=run, identity=identity, **each)
                for identity in self.people
                for each in values
            ]
        return [
            batch_list.format(run=run, batch=batch, **each)
            for batch in self.batches()
            for each in values
        ]

    def embeddings(self, scale_factor: int) -> list[str]:
        """Return the fitted embeddings of one scale, or the lists of them."""
        name = f"{FIT}/embedding.safetensors"
        return self.of_all_people(name, FIT_LIST, [{"scale_factor": scale_factor}])

    def fits(self) -> list[str]:
        """Return the embeddings and the loss curves of all fits, or the lists of them."""
        factors = self.config.shards.scale_factors
        embeddings = [path for factor in factors for path in self.embeddings(factor)]
        return list(dict.fromkeys([*embeddings, *self.fit_stats()]))

    def fit_stats(self) -> list[str]:
        """Return the loss curves of all fits, or the lists of them."""
        scales = [{"scale_factor": factor} for factor in self.config.shards.scale_factors]
        return self.of_all_people(f"{FIT}/stats.jsonl", FIT_LIST, scales)

    def restored(self, scale_factor: int, methods: Sequence[str]) -> list[str]:
        """Return the restored images of one scale and some methods, or the lists of them."""
        values: list[dict[str, int | str]] = [
            {"scale_factor": scale_factor, "method": method} for method in methods
        ]
        return self.of_all_people(f"{RESTORED}.parquet", RESTORED_LIST, values)

    def benchmarks(self) -> list[str]:
        """Return the files in which Snakemake writes how long each fit and restoration took."""
        factors = self.config.shards.scale_factors
        work = [f"fit/x{factor}" for factor in factors]
        for factor in factors:
            work += [f"restore/x{factor}/{method}" for method in self.config.methods]
        values: list[dict[str, int | str]] = [{"work": each} for each in work]
        name = "results/{run}/benchmarks/{work}/{identity}.tsv"
        return self.of_all_people(name, name.replace("{identity}", "batch-{batch}"), values)

    def restored_at_all_scales(self, method: str) -> list[str]:
        """Return the restored images of one method at every scale, or the lists of them."""
        return [
            path
            for scale_factor in self.config.shards.scale_factors
            for path in self.restored(scale_factor, [method])
        ]

    def probes(self) -> list[str]:
        """Return the probes; none with a single test identity, for they exchange two people."""
        factors = self.config.shards.scale_factors if len(self.people) > 1 else ()
        return [f"results/{self.config.run}/probes/x{factor}.parquet" for factor in factors]


def make_plan(config: Config, split: Path) -> Plan:
    """Return the plan of a run.

    Args:
        config: Of the run.
        split: Of its images.

    Raises:
        IdfsrError: The split is missing or is none.
    """
    rows = read_split_rows(split)

    def people(part: ShardPart) -> tuple[tuple[str, ...], ...]:
        shards = plan_shards(rows, part, config.shards.rows_per_shard)
        return tuple(tuple(dict.fromkeys(identity for identity, _ in shard)) for shard in shards)

    return Plan(config=config, pretrain=people("pretrain"), test=people("test"))


def count_usable(manifest: Path) -> int:
    """Return how many images of a manifest can be used.

    Raises:
        IdfsrError: It was damaged.
    """
    check_parquet(manifest)
    status = pq.read_table(manifest, columns=["status"])["status"]
    return int(pc.sum(pc.equal(status, OK)).as_py())
