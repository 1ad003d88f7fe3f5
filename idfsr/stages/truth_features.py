r"""Ask one network of the metrics of the ground truth, once for all methods and scale factors.

Reads shards of one scale factor, whose test rows hold the ground truth. Makes a Parquet table that
`idfsr scores` takes, a row an image. Only families that compare what a network says of single
images have one: see `of_truth` in the family's file. Recognisers are asked of the references of the
test images too, so that `idfsr scores` can tell whether they were copied.

    idfsr truth-features --family sface --shards results/demo/shards/x8/test-00000.parquet \
        --config results/demo/config/scores-sface.json \
        --features results/demo/features/sface/truth.parquet
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from idfsr.config.stage import load_stage
from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.metrics.engine.features import write_features
from idfsr.metrics.engine.metric import EMBEDDING, REFERENCES, OfImages
from idfsr.metrics.engine.pairs import read_references, read_truth, truth_batches
from idfsr.metrics.engine.registry import find_family
from idfsr.metrics.engine.resources import add_resources, find_resources
from idfsr.metrics.engine.scoring import BATCH_SIZE, extract_features


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the family, JSON")
    add("--family", required=True, help="family of metrics, a module of idfsr.metrics")
    add("--shards", type=Path, nargs="+", required=True, help="shards with the test rows")
    add_resources(parser)
    add("--features", type=Path, required=True, help="Parquet table to write")
    add("--threads", type=int, default=1, help="CPU threads")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    family = find_family(args.family)
    settings = load_stage(args.config, family.settings)
    family = family.by_engine(settings)
    if not family.of_truth:
        message = f"--family: found {args.family}, wanted one that is asked of the ground truth"
        raise IdfsrError(message)
    rows = read_truth(args.shards)
    scorer = family.load(find_resources(args, settings))
    assert isinstance(scorer, OfImages)
    features = extract_features(scorer, truth_batches(rows, BATCH_SIZE), len(rows))
    if family.of_references:
        features[REFERENCES] = _embed_references(scorer, args.shards)
    write_features(args.features, rows, features)


def _embed_references(scorer: OfImages, shards: Sequence[Path]) -> np.ndarray:
    """Embed each reference photograph once; return those of each test image one after the other."""
    named, photographs = read_references(shards)
    embeddings = np.empty(len(named), dtype=object)
    embeddings[:] = [np.empty(0, np.float32)] * len(named)
    if photographs.empty:
        return embeddings
    found = extract_features(scorer, truth_batches(photographs, BATCH_SIZE), len(photographs))
    keys = photographs[KEY].itertuples(index=False, name=None)
    known = dict(zip(keys, found[EMBEDDING], strict=True))
    for row, references in enumerate(named):
        if references:
            embeddings[row] = np.concatenate([known[key] for key in references])
    return embeddings
