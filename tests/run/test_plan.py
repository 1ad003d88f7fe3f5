"""Which people are in which shard and batch, and which files follow, without Snakemake."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from idfsr.config.pretrain import PretrainConfig
from idfsr.config.shards import ShardsConfig
from idfsr.errors import IdfsrError
from idfsr.io.tables import write_table
from idfsr.run.config import Config
from idfsr.run.plan import FIT, FIT_LIST, Plan, count_usable, make_plan

CONFIG = Config(
    run="r",
    methods=("bicubic", "idfsr-ft"),
    shards=ShardsConfig(scale_factors=(8, 16), rows_per_shard=4),
)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Three test people, two of them in the first shard; one person to train on."""
    parts = {"00001": "ft", "00002": "ft", "00003": "fft", "00009": "pp"}
    words = {"f": "fit", "t": "test", "p": "pretrain"}
    rows = [
        f"{identity}\t{image}\t{words[letter]}\t"
        for identity, letters in parts.items()
        for image, letter in enumerate(letters)
    ]
    split = tmp_path / "split.tsv"
    split.write_text("\n".join(["identity\timage\tpart\treason", *rows]) + "\n")
    return make_plan(CONFIG, split)


def in_jobs_of(plan: Plan, size: int) -> Plan:
    return dataclasses.replace(
        plan, config=dataclasses.replace(plan.config, identities_per_job=size)
    )


def test_people_of_each_shard(plan: Plan) -> None:
    assert plan.test == (("00001", "00002"), ("00003",))
    assert plan.pretrain == (("00009",),)
    assert plan.people == ("00001", "00002", "00003")


def test_shards(plan: Plan) -> None:
    assert plan.shards("test", 8) == [
        "results/r/shards/x8/test-00000.parquet",
        "results/r/shards/x8/test-00001.parquet",
    ]
    assert plan.shards_of_all_scales("pretrain") == [
        "results/r/shards/x8/pretrain-00000.parquet",
        "results/r/shards/x16/pretrain-00000.parquet",
    ]
    assert plan.shards_of_first_scale("test") == plan.shards("test", 8)


def test_one_shard_is_read_where_nothing_is_trained(plan: Plan) -> None:
    plan = dataclasses.replace(plan, pretrain=(("00009",), ("00010",)))
    assert plan.pretrain_shards() == plan.shards_of_all_scales("pretrain")
    pretrain = dataclasses.replace(plan.config.pretrain, num_images=0)
    config = dataclasses.replace(plan.config, pretrain=pretrain)
    assert dataclasses.replace(plan, config=config).pretrain_shards() == [
        "results/r/shards/x8/pretrain-00000.parquet",
        "results/r/shards/x16/pretrain-00000.parquet",
    ]


def test_shards_with_people(plan: Plan) -> None:
    assert plan.shards_with(["00003"], 16) == ["results/r/shards/x16/test-00001.parquet"]
    assert plan.shards_with(["00002", "00003"], 16) == plan.shards("test", 16)
    with pytest.raises(IdfsrError, match=r"results/r/split\.tsv: found no 00009 in the test part"):
        plan.shards_with(["00001", "00009"], 8)


def test_samples_come_from_the_first_test_shard_of_each_scale(plan: Plan) -> None:
    none = dataclasses.replace(CONFIG, pretrain=PretrainConfig(sample_images=0))
    some = dataclasses.replace(CONFIG, pretrain=PretrainConfig(sample_images=4))
    assert dataclasses.replace(plan, config=none).sample_shards() == []
    assert dataclasses.replace(plan, config=some).sample_shards() == [
        "results/r/shards/x8/test-00000.parquet",
        "results/r/shards/x16/test-00000.parquet",
    ]


def test_one_job_a_person_makes_the_persons_files(plan: Plan) -> None:
    assert plan.embeddings(16) == [
        f"results/r/fit/x16/{identity}/embedding.safetensors"
        for identity in ("00001", "00002", "00003")
    ]
    assert plan.fit_stats()[:3] == [
        "results/r/fit/x8/00001/stats.jsonl",
        "results/r/fit/x16/00001/stats.jsonl",
        "results/r/fit/x8/00002/stats.jsonl",
    ]
    assert plan.fits() == [*plan.embeddings(8), *plan.embeddings(16), *plan.fit_stats()]
    assert plan.restored(8, CONFIG.methods)[:3] == [
        "results/r/restored/x8/bicubic/00001.parquet",
        "results/r/restored/x8/idfsr-ft/00001.parquet",
        "results/r/restored/x8/bicubic/00002.parquet",
    ]


def test_restored_images_at_every_scale(plan: Plan) -> None:
    assert in_jobs_of(plan, 3).restored_at_all_scales("bicubic") == [
        "results/r/restored/x8/bicubic/batch-00000.tsv",
        "results/r/restored/x16/bicubic/batch-00000.tsv",
    ]


def test_a_job_of_several_people_makes_a_list(plan: Plan) -> None:
    batches = in_jobs_of(plan, 2)
    assert batches.batches() == ["00000", "00001"]
    assert batches.batch("00000") == ["00001", "00002"]
    assert batches.batch("00001") == ["00003"]
    assert batches.embeddings(8) == [
        "results/r/fit/x8/batch-00000.tsv", "results/r/fit/x8/batch-00001.tsv"
    ]  # fmt: skip
    assert batches.restored(8, ["bicubic"])[1] == "results/r/restored/x8/bicubic/batch-00001.tsv"
    assert len(batches.of_all_people(FIT, FIT_LIST, [{"scale_factor": 8}])) == 2


def test_lists_of_fits_stand_once(plan: Plan) -> None:
    batches = in_jobs_of(plan, 3)
    assert batches.fits() == [*batches.embeddings(8), *batches.embeddings(16)]


def test_benchmarks_of_fits_and_restorations(plan: Plan) -> None:
    batches = in_jobs_of(plan, 3)
    assert batches.benchmarks() == [
        "results/r/benchmarks/fit/x8/batch-00000.tsv",
        "results/r/benchmarks/fit/x16/batch-00000.tsv",
        *(
            f"results/r/benchmarks/restore/x{factor}/{method}/batch-00000.tsv"
            for factor in (8, 16)
            for method in ("bicubic", "idfsr-ft")
        ),
    ]
    assert plan.benchmarks()[:2] == [
        "results/r/benchmarks/fit/x8/00001.tsv", "results/r/benchmarks/fit/x16/00001.tsv",
    ]  # fmt: skip


def test_probes_want_two_people(plan: Plan) -> None:
    assert plan.probes() == ["results/r/probes/x8.parquet", "results/r/probes/x16.parquet"]
    assert dataclasses.replace(plan, test=(("00001",),)).probes() == []


def test_counts_the_images_that_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "manifest.parquet"
    write_table(pd.DataFrame({"status": ["ok", "truncated", "ok"]}), path)
    assert count_usable(path) == 2


def test_is_light_enough_for_the_workflow() -> None:
    code = (
        "import sys, idfsr.run.plan, idfsr.run.paths, idfsr.run.inputs;"
        "print({'torch', 'pandas', 'matplotlib', 'cv2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
