r"""Draw Fig. 4 of the paper: test images by every method and at every scale.

Reads test shards, restored images and metrics of all scale factors, and of rendered people what the
renderer knows of their marks. Makes a PNG, and beside it an SVG and the metrics of the images shown
as CSV. The images are drawn by a hash of the run's seed and their names, faces that look at the
viewer and show a mark before the others, or named in the settings.

    idfsr fig4 --config figures.json --shards shards/x*/test-*.parquet \
        --restored restored/x*/*/*.parquet --metrics metrics/x*/*.parquet \
        --truth synthref/ground_truth.parquet --figure figures/fig4.png
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from idfsr.config.figures import PaperFiguresStage
from idfsr.config.stage import load_stage
from idfsr.io.file_lists import listed_files
from idfsr.io.tables import read_metadata
from idfsr.metrics.engine.pairs import sort_by_scale
from idfsr.report import comparison
from idfsr.report.measured import numbers_of, read_measured, shown_metric
from idfsr.report.outputs import write_outputs

NUM_PEOPLE = 1

CAPTION = (
    "{people}, {rule}. Left to right: the low-resolution image (its pixels enlarged), the first "
    "reference, the methods, the ground truth. Below each image its eyes, its mouth{mark} are "
    "enlarged, at the places that are framed in the ground truth; those of the reference are its "
    "own. The number is {title}; {better} is better."
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--shards", type=Path, nargs="+", required=True, help="test shards of all scale factors")
    add("--restored", type=Path, nargs="+", required=True, help="restored images, or lists of them")
    add("--metrics", type=Path, nargs="+", required=True, help="metrics of single images")
    add("--truth", type=Path, help="what the renderer knows, of rendered people only")
    add("--figure", type=Path, required=True, help="PNG file to write; SVG and CSV stand beside it")


def draw(
    args: argparse.Namespace, methods: Sequence[str], num_people: int, title: str, caption: str
) -> None:
    """Draw some people by some methods, and write the files.

    Args:
        args: Of `register`.
        methods: Shown, in this order.
        num_people: At most, at each scale.
        title: Of the figure.
        caption: With the words in braces of `CAPTION`.
    """
    config = load_stage(args.config, PaperFiguresStage)
    scales = sort_by_scale(args.shards, listed_files(args.restored, ".parquet"))
    shards = next(iter(scales.values()))[0]
    marks = comparison.read_marks(args.truth, shard_side(shards) / config.synthref.image_size)
    named = config.figures.images
    faces = comparison.read_faces(shards)
    chosen = comparison.choose_images(faces, named, config.seed, marks)
    views = [
        comparison.read_view(*files, methods, key, marks)
        for files in scales.values()
        for key in chosen[:num_people]
    ]
    measured = read_measured(args.metrics)
    metric = shown_metric(measured)
    distances = comparison.print_distances(measured, metric)
    with_mark = any(view.truth.mark is not None for view in views)
    write_outputs(
        comparison.draw_views(views, distances),
        comparison.list_views(views, numbers_of(measured)),
        args.figure,
        title,
        caption.format(
            people=f"{len({view.key for view in views})} of {len(chosen)} test people",
            rule="named in the settings"
            if named
            else "drawn by a hash of seed and name among the faces that are not turned away",
            mark=" and the person's mark" if with_mark else "",
            title=metric.title,
            better=metric.direction,
        ),
    )


def shard_side(shards: Sequence[Path]) -> int:
    """Return the side in pixels of the images of shards."""
    return int(read_metadata(shards[0])["image_size"])


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, PaperFiguresStage)
    draw(args, config.methods, NUM_PEOPLE, "Fig. 4: methods side by side", CAPTION)
