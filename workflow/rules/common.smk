"""Helper functions of the rules: what a run's configuration and split say about file names."""

import csv

import pyarrow.parquet as pq

from idfsr.config import STAGES, stage_json
from idfsr.constants import IDFSR_METHODS
from idfsr.data.sharding import plan_shards
from idfsr.provenance import code_digest


def settings(wildcards):
    """The validated configuration of the run that a file belongs to."""
    return CONFIGS[wildcards.run]


def images_root(wildcards):
    """Folder of the identities' folders; a run of synthref makes its own."""
    dataset = settings(wildcards).dataset
    if dataset.kind == "synthref":
        return f"results/{wildcards.run}/synthref/CelebHQRefForRelease"
    return dataset.root


def rendered_images(wildcards):
    """The images folder where the run itself makes it, so that it is made first."""
    return (
        images_root(wildcards) if settings(wildcards).dataset.kind == "synthref" else []
    )


def landmark_shards(wildcards):
    """Landmark tables of all images in the manifest."""
    manifest = checkpoints.index.get(run=wildcards.run).output.manifest
    status = pq.read_table(manifest, columns=["status"])["status"].to_pylist()
    size = settings(wildcards).landmarks.images_per_shard
    num_shards = max(1, -(-status.count("ok") // size))
    return [
        f"results/{wildcards.run}/landmarks/shard-{shard:05d}.parquet"
        for shard in range(num_shards)
    ]


def split_rows(wildcards):
    """Rows of the split as dictionaries."""
    with open(checkpoints.split.get(run=wildcards.run).output.split) as file:
        return list(csv.DictReader(file, delimiter="\t"))


def shard_plan(wildcards, part):
    """Images of each shard of one part: a list of (identity, image) for each."""
    rows_per_shard = settings(wildcards).shards.rows_per_shard
    return plan_shards(split_rows(wildcards), part, rows_per_shard)


def pretrain_shards(wildcards):
    """Pretraining shards of all scales: one model serves them all."""
    return [
        f"results/{wildcards.run}/shards/x{scale_factor}/pretrain-{shard:05d}.parquet"
        for scale_factor in settings(wildcards).shards.scale_factors
        for shard, _ in enumerate(shard_plan(wildcards, "pretrain"))
    ]


def test_shards(wildcards):
    """All test shards of one scale."""
    return [
        f"results/{wildcards.run}/shards/x{wildcards.scale_factor}/test-{shard:05d}.parquet"
        for shard, _ in enumerate(shard_plan(wildcards, "test"))
    ]


def identity_shard(wildcards):
    """The test shard that holds one identity."""
    for path, images in zip(test_shards(wildcards), shard_plan(wildcards, "test")):
        if any(identity == wildcards.identity for identity, _ in images):
            return path
    raise ValueError(
        f"identity {wildcards.identity} is not in the test part of the split"
    )


def test_identities(wildcards):
    """Test identities, sorted."""
    return sorted(
        {row["identity"] for row in split_rows(wildcards) if row["part"] == "test"}
    )


def restored(wildcards):
    """Restored images of one method and scale."""
    return expand(
        "results/{run}/restored/x{scale_factor}/{method}/{identity}.parquet",
        run=wildcards.run,
        scale_factor=wildcards.scale_factor,
        method=wildcards.method,
        identity=test_identities(wildcards),
    )


def probes(wildcards):
    """Probes of all scales; none with a single test identity, for they exchange two people."""
    if len(test_identities(wildcards)) == 1:
        return []
    return expand(
        "results/{run}/probes/x{scale_factor}.parquet",
        run=wildcards.run,
        scale_factor=settings(wildcards).shards.scale_factors,
    )


def embeddings(wildcards):
    """Fitted embeddings of all test identities at one scale."""
    return expand(
        "results/{run}/fit/x{scale_factor}/{identity}/embedding.safetensors",
        run=wildcards.run,
        scale_factor=wildcards.scale_factor,
        identity=test_identities(wildcards),
    )


def of_all_scales(pattern):
    """An input function: the pattern for each scale factor and, if it has one, method."""

    def files(wildcards):
        run = settings(wildcards)
        return expand(
            pattern,
            run=wildcards.run,
            scale_factor=run.shards.scale_factors,
            method=run.methods,
        )

    return files


def restored_of_all_methods(wildcards):
    """Restored images of every method at one scale."""
    return expand(
        "results/{run}/restored/x{scale_factor}/{method}/{identity}.parquet",
        run=wildcards.run,
        scale_factor=wildcards.scale_factor,
        method=settings(wildcards).methods,
        identity=test_identities(wildcards),
    )


def metrics_of_all_methods(wildcards):
    """Metrics of every method at one scale."""
    return expand(
        "results/{run}/metrics/x{scale_factor}/{method}.parquet",
        run=wildcards.run,
        scale_factor=wildcards.scale_factor,
        method=settings(wildcards).methods,
    )


def figures(wildcards):
    """The figures of the report, in its order."""
    return expand(
        "results/{run}/figures/{name}.png",
        run=wildcards.run,
        name=[
            *(f"grid-x{scale}" for scale in settings(wildcards).shards.scale_factors),
            "metrics",
            "fit-curves",
            *(
                f"warping-x{scale}"
                for scale in settings(wildcards).shards.scale_factors
            ),
            "lr-detector",
            "landmarks",
            "pretrain-curve",
        ],
    )


def fit_stats(wildcards):
    """Loss curves of every fit."""
    return expand(
        "results/{run}/fit/x{scale_factor}/{identity}/stats.jsonl",
        run=wildcards.run,
        scale_factor=settings(wildcards).shards.scale_factors,
        identity=test_identities(wildcards),
    )


def weights(name):
    """An input function: the run's weight file of that name, nothing where it is empty."""

    def files(wildcards):
        path = getattr(settings(wildcards).weights, name)
        return [path] if path else []

    return files


def restore_settings(wildcards):
    """The settings of the stage, with a method's own where it has some."""
    own = f"restore-{wildcards.method}"
    stage = own if own in STAGES else "restore"
    return f"results/{wildcards.run}/config/{stage}.json"


def model_of(wildcards):
    """The pretrained model, where the method is one of ours."""
    if wildcards.method in IDFSR_METHODS:
        return f"results/{wildcards.run}/pretrain/model.safetensors"
    return []


def embedding_of(wildcards):
    """The fitted embedding, where the method uses it."""
    if wildcards.method == "idfsr-ft":
        fits = f"results/{wildcards.run}/fit/x{wildcards.scale_factor}"
        return f"{fits}/{wildcards.identity}/embedding.safetensors"
    return []
