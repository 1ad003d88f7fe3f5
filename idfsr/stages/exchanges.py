r"""Restore test images with another person's z_id, and with each of their references.

Reads what `idfsr probes` reads, and the settings and weights of the family of metrics that sees
expressions, where the run has one. Makes a table with the restored images, their distances to both
people, and the expressions that are seen in them, in the references and in the ground truth.

    idfsr exchanges --config probes.json --shards shards/x16/test-00000.parquet \
        --model pretrain/model.safetensors --embeddings fit/x16/*/embedding.safetensors \
        --family attributes --family-config scores.json \
        --attributes idfsr/weights/attributes.safetensors --exchanges exchanges/x16.parquet
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from idfsr.config.probes import ProbesStage
from idfsr.config.stage import load_stage
from idfsr.constants import EXPRESSION_METRICS
from idfsr.experiments.exchanges import STYLE, make_exchanges
from idfsr.io.file_lists import listed_files
from idfsr.io.schemas import EXCHANGES_SCHEMA
from idfsr.io.shards import scale_factor_of
from idfsr.io.tables import write_table
from idfsr.methods.engine.embedding import load_z_ids
from idfsr.methods.idfsr.restore import load_restorer
from idfsr.metrics.engine.metric import Metric
from idfsr.metrics.engine.pairs import batches
from idfsr.metrics.engine.registry import find_family
from idfsr.metrics.engine.resources import add_resources, find_resources
from idfsr.metrics.engine.scoring import BATCH_SIZE, score_pairs
from idfsr.metrics.sface.network import load_sface


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor")
    add("--model", type=Path, required=True, help="pretrained weights")
    add("--embeddings", type=Path, nargs="+", required=True, help="fitted z_id, or lists")
    add("--family", help="family of metrics that sees expressions")
    add("--family-config", type=Path, help="its settings, JSON")
    add_resources(parser)
    add("--exchanges", type=Path, required=True, help="table to write, Parquet")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def see_expressions(args: argparse.Namespace, rows: pd.DataFrame) -> pd.DataFrame:
    """Ask the family of the expressions in restored images, references and ground truth.

    The warped reference lies on the target, so the target's landmarks cut the face out of it too.
    """
    names = ("sr_expression", "reference_expression", "gt_expression")
    if args.family is None:
        return rows.assign(**dict.fromkeys(names, ""))
    family = find_family(args.family)
    settings = load_stage(args.family_config, family.settings)
    scorer = family.by_engine(settings).load(find_resources(args, settings))
    gt_column, sr_column = _expression(family.metrics).details
    seen = rows[rows["exchange"] == STYLE]
    columns: dict[str, np.ndarray] = {}
    for name, other in (("gt_expression", "gt_image"), ("reference_expression", "warped_ref")):
        pairs = batches(seen.assign(gt_image=seen[other]), BATCH_SIZE)
        scores = score_pairs({"": scorer}, pairs, len(seen), {"": None})[""].columns
        columns |= {name: scores[gt_column], "sr_expression": scores[sr_column]}
    return rows.join(pd.DataFrame(columns, index=seen.index)).fillna(dict.fromkeys(names, ""))


def _expression(metrics: tuple[Metric, ...]) -> Metric:
    return next(metric for metric in metrics if metric.name in EXPRESSION_METRICS)


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, ProbesStage)
    scale_factor = scale_factor_of(args.shards[0])
    method = load_restorer(config.restore, config.seed, args.model, None)
    z_ids = load_z_ids(
        listed_files(args.embeddings, ".safetensors"),
        scale_factor=scale_factor,
        model_digest=method.model_digest,
    )
    rows = make_exchanges(
        args.shards,
        method,
        z_ids,
        config.probes.num_images,
        load_sface(args.assets, next(method.model.parameters()).device),
    )
    write_table(see_expressions(args, rows), args.exchanges, EXCHANGES_SCHEMA)
