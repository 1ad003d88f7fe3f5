"""Input functions. They lead from wildcards to a run; what they compute stands in idfsr/run/."""

from functools import cache
from types import SimpleNamespace

from idfsr.methods.engine.registry import find_method, method_modules
from idfsr.run import families, figures, inputs, paths
from idfsr.run.config import stage_json
from idfsr.run.networks import embedded_files, file_arguments, training_files
from idfsr.run.plan import count_usable, make_plan
from idfsr.io.places import locate
from idfsr.io.provenance import code_digest
from idfsr.training.networks import modules_of


def settings(wildcards):
    """The validated configuration of the run that a file belongs to."""
    return CONFIGS[wildcards.run]


def runs_of(jobs):
    """Names of the runs to which some jobs belong."""
    return {job.wildcards.run for job in jobs if "run" in job.wildcards.keys()}


def partitions(jobs):
    """The partitions that those of some jobs ask for that will be submitted to Slurm."""
    asked = [job.resources.get("slurm_partition") for job in jobs if not job.is_local]
    return {name for names in asked if names for name in names.split(",")}


@cache
def read_plan(run, split, _mtime_ns):
    """Each version of a split is read once."""
    return make_plan(CONFIGS[run], split)


def plan(wildcards):
    """Who is in which shard and batch; waits until the split is there."""
    split = Path(checkpoints.split.get(run=wildcards.run).output.split)
    return read_plan(wildcards.run, split, split.stat().st_mtime_ns)


@cache
def read_count(manifest, _mtime_ns):
    """Each version of a manifest is read once."""
    return count_usable(manifest)


def landmark_shards(wildcards):
    """Landmark tables of all images in the manifest; waits until it is there."""
    manifest = Path(checkpoints.index.get(run=wildcards.run).output.manifest)
    num_usable = read_count(manifest, manifest.stat().st_mtime_ns)
    return paths.landmark_shards(settings(wildcards), num_usable)


def images_root(wildcards):
    """Folder of the identities' folders."""
    return paths.images_root(settings(wildcards))


def made_images(wildcards):
    """The images folder where the run itself makes it."""
    return paths.made_images(settings(wildcards))


def rendered_truth(wildcards):
    """What the renderer knows of its people; nothing of photographs."""
    return paths.rendered_truth(settings(wildcards))


def left_out_images(wildcards):
    """What could not be unpacked, where a data set is unpacked."""
    return paths.left_out_images(settings(wildcards))


def decoding_mb(wildcards, threads, attempt):
    """Memory of a job that decodes photographs; more after each failure."""
    return paths.decoding_mb(settings(wildcards), threads) * attempt


def pretrain_shards(wildcards):
    """Pretraining shards of all scales: one model serves them all."""
    return plan(wildcards).pretrain_shards()


def test_shards(wildcards):
    """All test shards of one scale."""
    return plan(wildcards).shards("test", int(wildcards.scale_factor))


def truth_shards(wildcards):
    """Test shards of the first scale."""
    return plan(wildcards).shards_of_first_scale("test")


def identity_shard(wildcards):
    """The test shard that holds one identity."""
    people = [wildcards.identity]
    return plan(wildcards).shards_with(people, int(wildcards.scale_factor))


def batch_people(wildcards):
    """The test identities of one batch."""
    return plan(wildcards).batch(wildcards.batch)


def batch_shards(wildcards):
    """The test shards that hold the identities of one batch."""
    people = batch_people(wildcards)
    return plan(wildcards).shards_with(people, int(wildcards.scale_factor))


def made_alone(pattern, wildcards):
    """Records of those people of a batch who were made alone, by their name."""
    files = expand(pattern, identity=batch_people(wildcards), **wildcards)
    return [path for path in files if Path(path).is_file()]


def embeddings(wildcards):
    """Fitted embeddings of all test identities at one scale."""
    return plan(wildcards).embeddings(int(wildcards.scale_factor))


def of_all_scales(pattern):
    """An input function: the pattern for each scale factor and method."""
    return lambda wildcards: paths.of_each_scale_and_method(
        settings(wildcards), pattern
    )


def network_files(wildcards):
    """Files that the training of a small network reads, by the name of their argument."""
    return training_files(wildcards.network, wildcards.run, lambda: plan(wildcards))
