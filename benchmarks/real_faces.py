"""What the networks make of photographs of real people, each restored by the person's others.

Reads FOLDER/<person>/*.jpg, people of two photographs or more. Each photograph in turn is made
small and restored; reference, mean and fit are of the person's others. So of two photographs one is
fitted and the other restored, in both directions; one that is fitted alone is its own reference.

Prints a table in Markdown with a row for each scale factor and method: identity distance (SFace),
the share of images that SFace takes for the person, PSNR, and sharpness, the median over images of
the variance of the Laplacian over that of the ground truth. Draws a grid for each scale factor.
Settings are those of config/demo.yaml with config/real-faces.yaml over it.

    python benchmarks/real_faces.py --photographs photographs --people 00001 00002 \
        --weights idfsr/weights/idfsr64.safetensors --grids real-faces
"""

import argparse
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml
from fit import CPU, Person, join, read_people, restore, score
from torch import Tensor

from idfsr.config.types import ScaleFactor
from idfsr.faces.landmarks import measure_sharpness
from idfsr.faces.prepare import Prepared, TargetRow, prepare_images, shard_row
from idfsr.io.examples import mean_direction
from idfsr.io.images import decode_png, encode_png
from idfsr.io.shards import write_shard
from idfsr.io.tables import write_table
from idfsr.methods.bicubic import Bicubic
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.metrics.sface.distance import same_identity
from idfsr.metrics.sface.network import load_sface
from idfsr.photographs.album import find_faces
from idfsr.photographs.networks import PhotographNetworks, load_photograph_networks
from idfsr.report.grid import describe_grid, draw_grid, read_examples
from idfsr.report.style import write_figure
from idfsr.run.config import Config, parse_config
from idfsr.training.fit import fit_identity


def read_settings(args: argparse.Namespace) -> Config:
    """Return the settings of the overlay, with the weights of the command line."""
    demo, overlay = (
        yaml.safe_load(Path(f"config/{name}.yaml").read_text()) for name in ("demo", "real-faces")
    )
    weights = {**demo["weights"], "idfsr": str(args.weights)}
    return parse_config({**demo, **overlay, "weights": weights}, "config/real-faces.yaml")


def shard_rows(items: Sequence[Prepared], scale_factor: ScaleFactor) -> Iterator[dict[str, Any]]:
    """Yield the rows of a shard in which each photograph is the test of somebody.

    Args:
        items: The photographs of one person; each is tested as <person>-<photograph>.
        scale_factor: Of them.
    """
    for tested in items:
        name = f"{tested.row.identity}-{tested.row.image.partition('.')[0]}"
        others = [item for item in items if item is not tested]
        for item, part in [*((other, "fit") for other in others), (tested, "test")]:
            row = TargetRow(name, item.row.image, part)
            references = [other for other in others if other is not item] or others
            yield shard_row(dataclasses.replace(item, row=row), references, scale_factor)


def write_people(
    folders: Sequence[Path], loaded: PhotographNetworks, scale_factor: ScaleFactor, path: Path
) -> None:
    """Write the shard of all people."""
    rows: list[dict[str, Any]] = []
    for folder in folders:
        faces = find_faces(folder, loaded)
        targets = [TargetRow(*key, "fit") for key in faces]
        prepared = prepare_images(targets, faces, loaded.networks, loaded.preparing, scale_factor)
        rows += shard_rows(list(prepared), scale_factor)
    write_shard(rows, path, {"scale_factor": str(scale_factor)})


def restore_all(people: Sequence[Person], loaded: PhotographNetworks) -> dict[str, pd.DataFrame]:
    """Restore the test photographs with each method; see `fit.restore`."""
    config = loaded.config
    restorer = IdfsrRestorer(
        model=loaded.model,
        model_digest=loaded.model_digest,
        fitted_z_id=None,
        num_inference_steps=config.restore.num_inference_steps,
        seed=config.seed,
    )
    z_ids: Mapping[str, list[Tensor]] = {
        "idfsr-pt": [restorer.reference_z_id(each.test) for each in people],
        "idfsr-mean": [mean_direction(each.fit["z_id"])[None] for each in people],
        "idfsr-ft": [
            fit_identity(loaded.model, each.fit, each.test, config.fit, config.seed).z_id[None]
            for each in people
        ],
    }
    restored = {name: restore(restorer, people, each) for name, each in z_ids.items()}
    enlarged = Bicubic().restore(join([each.test for each in people]))
    bicubic = restored["idfsr-pt"].assign(sr_image=[encode_png(image) for image in enlarged])
    return {"bicubic": bicubic, **restored}


def relative_sharpness(rows: pd.DataFrame) -> float:
    """Return the median of the sharpness of restored images over that of the ground truth."""
    ratios = [
        measure_sharpness(decode_png(sr)) / measure_sharpness(decode_png(gt))
        for sr, gt in zip(rows["sr_image"], rows["gt_image"], strict=True)
    ]
    return float(np.median(ratios))


def draw(shard: Path, scored: Mapping[str, pd.DataFrame], scale_factor: int, path: Path) -> None:
    """Draw the grid of all test photographs."""
    tables = []
    for name, rows in scored.items():
        tables.append(shard.with_name(f"{name}.parquet"))
        write_table(rows.assign(method=name, ids_sface=rows["ids"]), tables[-1])
    num_images = len(next(iter(scored.values())))
    examples = read_examples([shard], tables, tables, list(scored), num_images)
    write_figure(draw_grid(examples, list(scored)), path, *describe_grid(scale_factor, examples))


def main() -> None:
    """Prepare, fit, restore, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--photographs", type=Path, required=True, help="folder of the people's folders")
    add("--people", nargs="+", required=True, help="names of their folders")
    add("--weights", type=Path, required=True, help="IDFSR, safetensors")
    add("--grids", type=Path, required=True, help="folder of the grids to write")
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load_photograph_networks(read_settings(args), args.assets, CPU)
    recogniser = load_sface(args.assets, CPU)
    threshold = loaded.config.metrics.idv_threshold
    folders = [args.photographs / name for name in args.people]
    print("| scale | method | IDS | IDV | PSNR | sharpness |")
    print("| --- | --- | --- | --- | --- | --- |")
    for scale_factor in loaded.config.shards.scale_factors:
        with TemporaryDirectory() as scratch:
            shard = Path(scratch) / "test.parquet"
            write_people(folders, loaded, scale_factor, shard)
            restored = restore_all(list(read_people(shard, "")), loaded)
            scored = {name: score(rows, recogniser) for name, rows in restored.items()}
            draw(shard, scored, scale_factor, args.grids / f"grid-x{scale_factor}.png")
        for name, rows in scored.items():
            same = same_identity(torch.from_numpy(rows["ids"].to_numpy()), threshold)
            print(
                f"| x{scale_factor} | {name} | {rows['ids'].mean():.3f} "
                f"| {100 * same.double().mean():.0f} % | {rows['psnr'].mean():.2f} "
                f"| {relative_sharpness(rows):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
