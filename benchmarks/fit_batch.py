"""How much faster people are fitted together than one by one, and how far the results are apart.

Runs `idfsr fit-people` once for each of the first people of the test shards, then for all of them,
and prints the processor time and the time on the clock of both, their ratios and the largest
difference between two z_id. Times are those of the processes, their start included: so a job is
paid.

    python benchmarks/fit_batch.py --config results/demo/config/fit.json \
        --model results/demo/pretrain/model.safetensors \
        --shards results/demo/shards/x8/test-00000.parquet
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from idfsr.io.shards import read_shard
from idfsr.methods.engine.embedding import load_embedding


def fit(args: argparse.Namespace, identities: Sequence[str], folder: Path) -> tuple[float, float]:
    """Fit some people in one process; return its seconds of the processor and on the clock."""
    settings = json.loads(args.config.read_text())
    settings["fit"]["identities_at_once"] = len(identities)
    config = folder / f"fit-{len(identities)}.json"
    folder.mkdir(exist_ok=True)
    config.write_text(json.dumps(settings))
    start = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603 - our own command
        [
            sys.executable, "-m", "idfsr.main", "fit-people", "--config", config,
            "--model", args.model, "--shards", *args.shards, "--identities", *identities,
            "--code", "benchmark", "--fits-dir", folder, "--threads", str(args.threads),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return processor, time.perf_counter() - start


def main() -> None:
    """Fit, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the fit, JSON")
    add("--model", type=Path, required=True, help="pretrained weights")
    add("--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor")
    add("--people", type=int, default=8, help="how many")
    add("--threads", type=int, default=1, help="of torch")
    args = parser.parse_args()
    names = read_shard(args.shards, ["identity"], "test")["identity"].to_pylist()
    identities = sorted(set(names))[: args.people]
    with TemporaryDirectory() as folder:
        alone, together = Path(folder) / "alone", Path(folder) / "together"
        one_by_one = [fit(args, [identity], alone) for identity in identities]
        at_once = fit(args, identities, together)
        largest = max(
            float((a.z_id - b.z_id).abs().max())
            for a, b in (
                [
                    load_embedding(part / identity / "embedding.safetensors")
                    for part in (alone, together)
                ]
                for identity in identities
            )
        )
    for name, singles, whole in zip(
        ("processor", "clock"), zip(*one_by_one, strict=True), at_once, strict=True
    ):
        print(
            f"{name}: {len(identities)} people one by one {sum(singles):.1f} s, "
            f"together {whole:.1f} s, ratio {sum(singles) / whole:.2f}"
        )
    print(f"largest difference of z_id {largest:.1e}")


if __name__ == "__main__":
    main()
