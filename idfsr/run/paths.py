"""Names of a run's files that follow from its settings alone."""

from typing import Final

from idfsr.constants import OWN_METHODS
from idfsr.dataset.packed import is_packed
from idfsr.methods.engine.registry import find_method
from idfsr.run.config import Config

PAPER_FIGURES: Final = ("fig1", "fig4", "fig3")
"""Those of the paper's that cost a few seconds, in the order of the report."""


def images_root(config: Config) -> str:
    """Return the folder of the identities' folders; some kinds of data sets make their own."""
    if config.dataset.kind == "synthref":
        return f"results/{config.run}/synthref/CelebHQRefForRelease"
    if is_packed(config.dataset):
        return f"results/{config.run}/unpacked/images"
    return config.dataset.root


def made_images(config: Config) -> list[str]:
    """Return the images folder where the run itself makes it, so that it is made first."""
    root = images_root(config)
    return [root] if root != config.dataset.root else []


def rendered_truth(config: Config) -> list[str]:
    """Return what the renderer knows of its people; nothing of photographs."""
    rendered = config.dataset.kind == "synthref"
    return [f"results/{config.run}/synthref/ground_truth.parquet"] if rendered else []


def left_out_images(config: Config) -> list[str]:
    """Return the table of what could not be unpacked, where a data set is unpacked."""
    packed = is_packed(config.dataset)
    return [f"results/{config.run}/unpacked/left_out.tsv"] if packed else []


def decoding_mb(config: Config, threads: int) -> int:
    """Return the memory in MB of a job that decodes photographs in some threads.

    A pixel takes up to 14 bytes while it is decoded, as measured for PNG.
    """
    known = {"synthref": 1, "celebref_hq": 2}  # megapixels of the data set's own images
    megapixels = known.get(config.dataset.kind, config.index.max_megapixels)
    return 2000 + threads * 14 * megapixels


def landmark_shards(config: Config, num_usable: int) -> list[str]:
    """Return the tables of landmarks.

    Args:
        config: Of the run.
        num_usable: Images of the manifest that can be used.
    """
    num_shards = max(1, -(-num_usable // config.landmarks.images_per_shard))
    return [f"results/{config.run}/landmarks/shard-{n:05d}.parquet" for n in range(num_shards)]


def of_each_method(config: Config, pattern: str, scale_factor: int) -> list[str]:
    """Put the run, the scale factor and each method into a pattern."""
    return [
        pattern.format(run=config.run, scale_factor=scale_factor, method=method)
        for method in config.methods
    ]


def of_each_scale_and_method(config: Config, pattern: str) -> list[str]:
    """Put the run and each pair of scale factor and method into a pattern."""
    return [
        path
        for factor in config.shards.scale_factors
        for path in of_each_method(config, pattern, factor)
    ]


def figures(config: Config) -> list[str]:
    """Return the figures of the report, in its order; a curve only of what is trained."""
    factors = config.shards.scale_factors
    names = [
        *(f"grid-x{factor}" for factor in factors),
        "metrics",
        *(PAPER_FIGURES if {*OWN_METHODS} & {*config.methods} else []),
        "fit-curves",
        *(f"warping-x{factor}" for factor in factors),
        "lr-detector",
        "landmarks",
        *(["pretrain-curve"] if config.pretrain.num_images else []),
    ]
    return [f"results/{config.run}/figures/{name}.png" for name in names]


def faces(config: Config) -> list[str]:
    """Return the folders of the images of the report's viewer, one for each scale factor."""
    factors = config.shards.scale_factors
    return [f"results/{config.run}/report/faces/x{factor}" for factor in factors]


def restore_settings(config: Config, method: str) -> str:
    """Return the settings of a restoration, with the method's own where it has some."""
    return f"results/{config.run}/config/restore-{method}.json"


def pretrained_model(config: Config, method: str) -> list[str]:
    """Return the model that the run trains, where the method uses it."""
    made = "model" in find_method(method).run_files
    return [f"results/{config.run}/pretrain/model.safetensors"] if made else []


def of_the_fit(method: str, path: str) -> list[str]:
    """Return a file of the fit, where the method uses one."""
    return [path] if "embedding" in find_method(method).run_files else []
