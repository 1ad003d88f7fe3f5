r"""Measure what a method takes to restore one image.

Reads test shards, and for the methods of IDFSR the pretrained weights. Makes a JSON file with the
number of parameters, the multiplications and additions, the seconds and the memory. A fitted
embedding takes the place of another one and costs nothing here; what the fit takes stands in the
report.

    idfsr costs --config restore-idfsr-pt.json --method idfsr-pt \
        --shards shards/x16/test-00000.parquet --model pretrain/model.safetensors \
        --costs costs/idfsr-pt.json
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.restore import RestoreStage
from idfsr.config.stage import load_stage
from idfsr.errors import IdfsrError
from idfsr.experiments.costs import measure_cost
from idfsr.io.shards import read_shard, scale_factor_of
from idfsr.io.texts import write_json
from idfsr.io.weights_list import MANIFEST
from idfsr.methods.engine.registry import find_method, load_method
from idfsr.methods.engine.restore import load_needed, pick_rows


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--method", required=True, help="name as in the tables")
    add("--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor")
    add("--model", type=Path, help="pretrained weights, for the methods of IDFSR")
    add("--weights-list", type=Path, default=MANIFEST, help="list of the baselines' weights")
    add("--costs", type=Path, required=True, help="JSON file to write")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, RestoreStage)
    scale_factor = scale_factor_of(args.shards[0])
    method = find_method(args.method)
    if "model" in method.run_files and args.model is None:
        message = f"{args.method}: found no weights, wanted --model FILE"
        raise IdfsrError(message)
    restorer = load_method(
        args.method,
        config,
        scale_factor=scale_factor,
        weights_list=args.weights_list,
        model=args.model,
    )
    people = read_shard(args.shards, ["identity"], "test")["identity"].to_pylist()
    if not people:
        message = f"{args.shards[0]}: found no test image, wanted one to restore"
        raise IdfsrError(message)
    examples = load_needed(args.shards, min(people), method, restorer, config.num_fit_images)
    size = examples["gt_image"].shape[-1]
    found = measure_cost(restorer, pick_rows(examples, [0]))
    where = {"method": args.method, "scale_factor": scale_factor, "image_size": size}
    write_json(args.costs, where | found)
