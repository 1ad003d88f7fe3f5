"""How much faster people are fitted together than one by one, and how far the results are apart.

Runs `idfsr fit` once for each of the first people of the test shards, then once for all of them,
and prints the processor time of both, their ratio and the largest difference between two z_id. The
time is that of the processes, their start included: so a job is paid.

    python benchmarks/fit_batch.py --config results/demo/config/fit.json \
        --model results/demo/pretrain/model.safetensors \
        --shards results/demo/shards/x8/test-00000.parquet
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from idfsr.baselines.embedding import load_embedding
from idfsr.data.shards import read_shard


def fit(args: argparse.Namespace, identities: Sequence[str], folder: Path) -> float:
    """Fit some people in one process and return its processor time in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603 - our own command
        [
            sys.executable, "-m", "idfsr.cli.main", "fit", "--config", args.config,
            "--model", args.model, "--shards", *args.shards, "--identity", *identities,
            "--embedding", *(folder / f"{identity}.safetensors" for identity in identities),
            "--stats", *(folder / f"{identity}.jsonl" for identity in identities),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
    args = parser.parse_args()
    names = read_shard(args.shards, ["identity"], "test")["identity"].to_pylist()
    identities = sorted(set(names))[: args.people]
    with TemporaryDirectory() as folder:
        alone, together = Path(folder) / "alone", Path(folder) / "together"
        times = [sum(fit(args, [identity], alone) for identity in identities)]
        times.append(fit(args, identities, together))
        largest = max(
            float((a.z_id - b.z_id).abs().max())
            for a, b in (
                [load_embedding(part / f"{identity}.safetensors") for part in (alone, together)]
                for identity in identities
            )
        )
    print(f"{len(identities)} people one by one: {times[0]:.1f} s, together: {times[1]:.1f} s")
    print(f"ratio {times[0] / times[1]:.2f}, largest difference of z_id {largest:.1e}")


if __name__ == "__main__":
    main()
