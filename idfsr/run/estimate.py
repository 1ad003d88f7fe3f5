"""What a run will take: GPU hours, disk and memory, before it is begun.

From the settings and rates that were measured at 256 px on one H100 (docs/performance.md); for
another size they are taken to go with the number of pixels. An order of magnitude, not a promise:
the methods of others and the metrics were not measured on a GPU.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from idfsr.dataset.listing import stat_images
from idfsr.dataset.packed import find_reader
from idfsr.run.config import Config
from idfsr.run.paths import decoding_mb

TRAINED: Final = 35.3
"""Images a second of the pretraining."""
FITTED: Final = 28.8
"""Images a second of a fit."""
SAMPLED: Final = 100.0
"""Steps of DDIM a second, over the images of a batch."""
ROW_MB: Final = 0.6
"""Of a shard."""
INDEX_THREADS: Final = 2
LONG_SECONDS: Final = 3600


def count_images(config: Config) -> tuple[int, int]:
    """Return the number of people and of photographs of a run, before any is left out."""
    if config.dataset.kind == "synthref":
        people = config.synthref.num_identities
        return people, people * config.synthref.num_images
    if reader := find_reader(config.dataset):
        return reader.count_images(config.dataset)
    names = stat_images(Path(config.dataset.root))
    return len({name.rpartition("/")[0] for name in names}), len(names)


def estimate(config: Config) -> Iterator[str]:
    """Yield the lines of a table of what a long run will take; none for a run of minutes.

    Args:
        config: Of a run whose photographs are there.
    """
    people, images = count_images(config)
    pixels = (config.shards.image_size / 256) ** 2
    scales, share = len(config.shards.scale_factors), config.split.test_fraction
    tested = max(1, round(people * share))
    num_restored = images * share / 2 * scales * sum(m.startswith("idfsr") for m in config.methods)
    fit = config.fit.num_steps * config.fit.batch_size * tested * scales
    gpu_hours = {
        "pretrain": config.pretrain.num_images / TRAINED,
        "fit": fit / FITTED,
        "restore (idfsr)": num_restored * config.restore.num_inference_steps / SAMPLED,
    }
    if sum(gpu_hours.values()) * pixels < LONG_SECONDS:
        return
    shards = images * scales * ROW_MB * pixels / 1000
    memory = decoding_mb(config, INDEX_THREADS) / 1000
    yield f"{config.run}: {people} people, {images} photographs; estimated from measured rates:"
    for rule, seconds in gpu_hours.items():
        yield f"  {rule:18}{seconds * pixels / 3600:10.1f} GPU hours (one H100)"
    yield f"  {'shards':18}{shards:10.1f} GB of disk; `idfsr clean {config.run}` frees them"
    yield f"  {'index':18}{memory:10.1f} GB of memory with {INDEX_THREADS} threads"
    yield "  not measured: restore with other methods, metrics"
