"""Helper functions of the rules: what a run's configuration and split say about file names."""

from functools import cache

import pyarrow.compute as pc
import pyarrow.parquet as pq

from idfsr.run.config import STAGES, stage_json
from idfsr.constants import IDFSR_METHODS, MEMBER_FIRST
from idfsr.dataset.sharding import plan_shards, read_split_rows
from idfsr.run.families import families_code, families_of, families_present
from idfsr.run.families import family_stage, family_weights, weights_option
from idfsr.run.provenance import code_digest
from idfsr.io.weights_list import missing_files, read_manifest, weights_folder

published_files = cache(read_manifest)
"""The entries of a list of weights, which is read once for all jobs."""


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


@cache
def count_usable(manifest, _mtime_ns):
    """Images of the manifest that can be used. Each version of a table is read once."""
    status = pq.read_table(manifest, columns=["status"])["status"]
    return pc.sum(pc.equal(status, "ok")).as_py()


def landmark_shards(wildcards):
    """Landmark tables of all images in the manifest."""
    manifest = Path(checkpoints.index.get(run=wildcards.run).output.manifest)
    size = settings(wildcards).landmarks.images_per_shard
    num_usable = count_usable(manifest, manifest.stat().st_mtime_ns)
    num_shards = max(1, -(-num_usable // size))
    return [
        f"results/{wildcards.run}/landmarks/shard-{shard:05d}.parquet"
        for shard in range(num_shards)
    ]


@cache
def read_plan(split, _mtime_ns, part, rows_per_shard):
    """Identities of each shard of one part: a list, sorted, for each."""
    shards = plan_shards(read_split_rows(split), part, rows_per_shard)
    return [list(dict.fromkeys(identity for identity, _ in shard)) for shard in shards]


def shard_plan(wildcards, part):
    """Identities of each shard of one part; waits until the split is there."""
    split = Path(checkpoints.split.get(run=wildcards.run).output.split)
    rows_per_shard = settings(wildcards).shards.rows_per_shard
    return read_plan(split, split.stat().st_mtime_ns, part, rows_per_shard)


def pretrain_shards_of_scale(wildcards, scale_factor):
    """Pretraining shards of a scale."""
    return [
        f"results/{wildcards.run}/shards/x{scale_factor}/pretrain-{shard:05d}.parquet"
        for shard, _ in enumerate(shard_plan(wildcards, "pretrain"))
    ]


def pretrain_shards(wildcards):
    """Pretraining shards of all scales: one model serves them all."""
    return [
        path
        for scale_factor in settings(wildcards).shards.scale_factors
        for path in pretrain_shards_of_scale(wildcards, scale_factor)
    ]


def sample_shards(wildcards):
    """The first test shard of each scale, if sheets of restored images are to be made meanwhile."""
    run = settings(wildcards)
    scale_factors = run.shards.scale_factors if run.pretrain.sample_images else ()
    return [
        shards_of_scale(wildcards, scale_factor)[0] for scale_factor in scale_factors
    ]


def pretrain_shards_of_one_scale(wildcards):
    """Pretraining shards of the first scale: the ground truth is the same at every scale."""
    return pretrain_shards_of_scale(
        wildcards, settings(wildcards).shards.scale_factors[0]
    )


def shards_of_scale(wildcards, scale_factor):
    """All test shards of a scale."""
    return [
        f"results/{wildcards.run}/shards/x{scale_factor}/test-{shard:05d}.parquet"
        for shard, _ in enumerate(shard_plan(wildcards, "test"))
    ]


def test_shards(wildcards):
    """All test shards of one scale."""
    return shards_of_scale(wildcards, wildcards.scale_factor)


def test_shards_of_all_scales(wildcards):
    """Test shards of all scales."""
    scale_factors = settings(wildcards).shards.scale_factors
    return [
        path
        for scale_factor in scale_factors
        for path in shards_of_scale(wildcards, scale_factor)
    ]


def member_first(name):
    """An input function: a file of the small network that is trained before another one."""

    def files(wildcards):
        first = MEMBER_FIRST.get(wildcards.member)
        if first is None:
            return []
        folder = first if first == "landmarks68" else f"members/{first}"
        return f"results/{wildcards.run}/{folder}/{name}"

    return files


def truth_shards(wildcards):
    """Test shards of the first scale: the ground truth is the same at every scale."""
    return shards_of_scale(wildcards, settings(wildcards).shards.scale_factors[0])


def weights_there(names, manifest):
    """Files of a list for some metrics or methods that are there, so that new ones count."""
    paths = [
        weights_folder(manifest) / file.path
        for file in published_files(manifest).values()
        if not set(names).isdisjoint(file.needed_by)
    ]
    return list(dict.fromkeys(str(path) for path in paths if path.is_file()))


def baseline_weights(wildcards):
    """Weights of a baseline."""
    manifest = Path(settings(wildcards).weights.baselines)
    return weights_there([wildcards.method], manifest)


def trained_weights(wildcards):
    """Weight files of the run's methods that may say how they were trained."""
    run = settings(wildcards)
    baselines = weights_there(run.methods, Path(run.weights.baselines))
    files = [*baselines, *weights("idfsr")(wildcards)]
    return [path for path in files if path.endswith(".safetensors")]


def restore_memory(wildcards):
    """Megabytes that a method needs to restore."""
    small = wildcards.method in ("bicubic", *IDFSR_METHODS)
    return 2000 if small else 8000


def missing_metrics(run):
    """A line for each metric of a run whose published weights are not there."""
    names = [*run.metrics.table1, *run.metrics.table2]
    missing = missing_files(names, weights_folder())
    return [
        f"{name}: its column will stay empty: no {file}"
        for name, file in missing.items()
    ]


def partitions(jobs):
    """The partitions that those of some jobs ask for that will be submitted to Slurm."""
    asked = [job.resources.get("slurm_partition") for job in jobs if not job.is_local]
    return {name for names in asked if names for name in names.split(",")}


def shards_of(wildcards, wanted):
    """The test shards that hold some identities."""
    plan = zip(test_shards(wildcards), shard_plan(wildcards, "test"))
    return [path for path, identities in plan if not wanted.isdisjoint(identities)]


def identity_shard(wildcards):
    """The test shard that holds one identity."""
    shards = shards_of(wildcards, {wildcards.identity})
    if not shards:
        raise ValueError(
            f"identity {wildcards.identity} is not in the test part of the split"
        )
    return shards


def test_identities(wildcards):
    """Test identities, sorted."""
    return [identity for shard in shard_plan(wildcards, "test") for identity in shard]


def batch_identities(wildcards):
    """The test identities of one batch."""
    size = settings(wildcards).identities_per_job
    start = int(wildcards.batch) * size
    return test_identities(wildcards)[start : start + size]


def batch_shards(wildcards):
    """The test shards that hold the identities of one batch."""
    return shards_of(wildcards, set(batch_identities(wildcards)))


def batch_of(wildcards):
    """The batch that an identity is in, as in the name of its list."""
    position = test_identities(wildcards).index(wildcards.identity)
    return f"{position // settings(wildcards).identities_per_job:05d}"


def of_all_people(wildcards, pattern, batch_list, **values):
    """The file of each test identity, or the list of each batch where a job makes several."""
    identities, size = (
        test_identities(wildcards),
        settings(wildcards).identities_per_job,
    )
    if size == 1:
        return expand(pattern, run=wildcards.run, identity=identities, **values)
    batches = [f"{batch:05d}" for batch in range(-(-len(identities) // size))]
    return expand(batch_list, run=wildcards.run, batch=batches, **values)


def restored(wildcards):
    """Restored images of one method and scale."""
    return of_all_people(
        wildcards,
        "results/{run}/restored/x{scale_factor}/{method}/{identity}.parquet",
        "results/{run}/restored/x{scale_factor}/{method}/batch-{batch}.tsv",
        scale_factor=wildcards.scale_factor,
        method=wildcards.method,
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
    return of_all_people(
        wildcards,
        "results/{run}/fit/x{scale_factor}/{identity}/embedding.safetensors",
        "results/{run}/fit/x{scale_factor}/batch-{batch}.tsv",
        scale_factor=wildcards.scale_factor,
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
    return of_all_people(
        wildcards,
        "results/{run}/restored/x{scale_factor}/{method}/{identity}.parquet",
        "results/{run}/restored/x{scale_factor}/{method}/batch-{batch}.tsv",
        scale_factor=wildcards.scale_factor,
        method=settings(wildcards).methods,
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
    return of_all_people(
        wildcards,
        "results/{run}/fit/x{scale_factor}/{identity}/stats.jsonl",
        "results/{run}/fit/x{scale_factor}/batch-{batch}.tsv",
        scale_factor=settings(wildcards).shards.scale_factors,
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


def batch_fits(wildcards):
    """The list of the batch's fitted embeddings, where the method uses them."""
    if wildcards.method == "idfsr-ft":
        fits = f"results/{wildcards.run}/fit/x{wildcards.scale_factor}"
        return f"{fits}/batch-{wildcards.batch}.tsv"
    return []


def settings_of_family(wildcards):
    """The settings of a family: its own, or the empty ones that the others share."""
    return f"results/{wildcards.run}/config/{family_stage(wildcards.family)}.json"


def truth_of_family(wildcards):
    """What the family's network says of the ground truth, where it is asked of that."""
    if families_of(settings(wildcards))[wildcards.family].of_truth:
        return f"results/{wildcards.run}/features/{wildcards.family}/truth.parquet"
    return []


def restored_at_all_scales(wildcards):
    """Restored images of one method at all scales."""
    return of_all_people(
        wildcards,
        "results/{run}/restored/x{scale_factor}/{method}/{identity}.parquet",
        "results/{run}/restored/x{scale_factor}/{method}/batch-{batch}.tsv",
        scale_factor=settings(wildcards).shards.scale_factors,
        method=wildcards.method,
    )


def scores_of_families(wildcards):
    """Scores of one method in every family whose published weights are there."""
    return expand(
        "results/{run}/scores/{family}/{method}.parquet",
        run=wildcards.run,
        method=wildcards.method,
        family=families_present(settings(wildcards)),
    )
