"""Show how far a run is: jobs done, running and failed, and the hours of each rule.

Run it in the folder in which Snakemake runs. Of a job that runs or failed it shows the log and the
log's last line. GPU hours are those asked for, of each job's last attempt.

    idfsr status celebref-hq
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import Final

from idfsr.errors import IdfsrError
from idfsr.io.lock import live_holder
from idfsr.run.at_work import LOCKS
from idfsr.run.progress import last_line, read_jobs, sum_costs

SNAKEMAKE: Final = Path(".snakemake")
RESULTS: Final = Path("results")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="run", help="name of the run, as in results/<run>")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    logs = sorted((SNAKEMAKE / "log").glob("*.snakemake.log"))
    jobs = read_jobs(logs, args.name)
    if not jobs:
        message = (
            f"{SNAKEMAKE / 'log'}: found no job of {args.name!r}, wanted the name of a run "
            "that was begun, in the folder in which Snakemake runs"
        )
        raise IdfsrError(message)
    counts = Counter(job.state for job in jobs)
    print(
        f"{args.name}: {counts['done']} done, {counts['running']} running, "
        f"{counts['failed']} failed"
    )
    if counts["running"] and live_holder(LOCKS / args.name) is None:
        print("No Snakemake is at work on it: jobs called running were stopped or left behind.")
    for job in jobs:
        if job.state != "done":
            print(f"{job.state:8} {job.rule:20} {job.log}\n{'':8} {last_line(job.log)}")
    print(f"\n{'rule':20} {'jobs':>6} {'hours':>9} {'GPU hours':>9}")
    for rule, cost in sum_costs(jobs, args.name, RESULTS).items():
        print(f"{rule:20} {cost.num_jobs:6} {cost.hours:9.2f} {cost.gpu_hours:9.2f}")
