"""What the settings of the fit do to the held-out loss, the identity and the fidelity.

Fits and restores every test identity of the shards once for each variant, and prints a table in
Markdown: held-out loss over that before the fit (and for how many people it fell), identity
distance (SFace) and PSNR of the restored test images, and the difference of the identity distance
from the pretrained model with its 95 % interval over identities.

    python benchmarks/fit.py --model results/demo/pretrain/model.safetensors \
        --shards results/demo/shards/x8/test-00000.parquet --restore-steps 20 \
        --variant num_steps=40,learning_rate=0.01 --variant num_steps=80,learning_rate=0.01
"""

import argparse
import dataclasses
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import torch
from pydantic import TypeAdapter

from idfsr.config.fit import FitConfig
from idfsr.config.metrics import MetricsConfig
from idfsr.config.restore import RestoreConfig
from idfsr.experiments.probes import score_faces
from idfsr.io.examples import load_identity
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.io.tables import read_metadata
from idfsr.methods.engine.registry import find_method
from idfsr.methods.engine.restore import restore_identity
from idfsr.methods.idfsr.restore import load_restorer
from idfsr.metrics.sface.distance import identity_distance
from idfsr.metrics.sface.network import load_sface
from idfsr.report.intervals import mean_interval
from idfsr.training.fit import fit_identity

CPU = torch.device("cpu")
PRETRAINED = "pretrained, no fit"


def parse_variant(text: str) -> FitConfig:
    """Read fields of the fit, e.g. "num_steps=40,learning_rate=0.01"."""
    fields = dict(word.split("=") for word in text.split(","))
    return TypeAdapter(FitConfig).validate_python({"num_evaluations": 1, **fields})


def run_identity(
    identity: str, args: argparse.Namespace
) -> tuple[list[pd.DataFrame], dict[str, tuple[float, float]]]:
    """Fit one person in every variant.

    Returns:
        Restored images of the pretrained model and of each variant, and for each variant the
        held-out loss before and after the fit.
    """
    torch.set_num_threads(1)
    settings = RestoreConfig(num_inference_steps=args.restore_steps)
    scale_factor = int(read_metadata(args.shards[0])["scale_factor"])
    restorer = load_restorer(settings, args.seed, args.model, None)
    fit_examples, test_examples = (
        load_identity(args.shards, identity, part) for part in ("fit", "test")
    )
    tables, losses = [], {}
    for name in (PRETRAINED, *args.variant):
        fitted, method = restorer, find_method("idfsr-pt")
        if name != PRETRAINED:
            variant = parse_variant(name)
            result = fit_identity(restorer.model, fit_examples, test_examples, variant, args.seed)
            losses[name] = result.held_out[0], result.held_out[variant.num_steps]
            fitted = dataclasses.replace(restorer, fitted_z_id=result.z_id)
            method = find_method("idfsr-ft")
        table = restore_identity(method, fitted, test_examples, identity, scale_factor, 16)
        tables.append(table.assign(variant=name))
    return tables, losses


def main() -> None:
    """Fit, restore, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, help="pretrained weights")
    add("--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor")
    add("--variant", action="append", required=True, help="fields of the fit, name=value,...")
    add("--restore-steps", type=int, default=20, help="DDIM steps")
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    add("--seed", type=int, default=0, help="of the run")
    add("--workers", type=int, default=2, help="processes")
    args = parser.parse_args()
    truth = read_shard(args.shards, [*KEY, "gt_image", "landmarks"], "test").to_pandas()
    identities = sorted(set(truth["identity"]))
    with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(partial(run_identity, args=args), identities))
    rows = pd.concat([table for tables, _ in done for table in tables], ignore_index=True)
    rows = rows.merge(truth, on=KEY, validate="many_to_one")
    fidelity, sr, gt = map(torch.from_numpy, score_faces(rows, load_sface(args.assets, CPU), CPU))
    rows = rows.assign(psnr=fidelity.numpy(), ids=identity_distance(sr, gt).numpy())
    groups = {str(name): group.set_index(KEY) for name, group in rows.groupby("variant")}
    print("| fit | held-out loss | PSNR | IDS | IDS minus pretrained |")
    print("| --- | --- | --- | --- | --- |")
    for name in (PRETRAINED, *args.variant):
        group = groups[name]
        change = group["ids"] - groups[PRETRAINED]["ids"].loc[group.index]
        owners = [str(identity) for identity, _ in group.index]
        interval = mean_interval(change.to_numpy(), owners, MetricsConfig().num_bootstrap)
        ratios = [losses[name][1] / losses[name][0] for _, losses in done if name in losses]
        mean = f"{sum(ratios) / len(ratios):.3f} ({sum(r < 1 for r in ratios)})" if ratios else ""
        moved = f"{interval.mean:+.4f} [{interval.lo:+.4f}, {interval.hi:+.4f}]"
        values = f"{group['psnr'].mean():.2f} | {group['ids'].mean():.4f}"
        print(f"| {name} | {mean} | {values} | {moved if ratios else ''} |")


if __name__ == "__main__":
    main()
