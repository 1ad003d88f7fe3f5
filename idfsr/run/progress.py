"""How far a run is: which jobs are done, running or failed, and what each rule has cost.

Read from the logs that Snakemake keeps of its runs, and from the benchmark files of the rules. A
job is known by its log file, logs/<run>/<job>.txt; its benchmark is
results/<run>/benchmarks/<job>.tsv.
"""

import csv
import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

State = Literal["done", "running", "failed"]

_JOB: Final = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):$")
_ERROR: Final = re.compile(r"^Error in rule \w+:$")
_FINISHED: Final = re.compile(r"^Finished jobid: (\d+) ")
_FIELD: Final = re.compile(r"^    (log|jobid|resources): (.*)$")
_GPU: Final = re.compile(r"\bgpu=(\d+)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it was last seen."""

    rule: str
    log: Path
    num_gpus: int
    """That it asks for."""
    state: State


@dataclasses.dataclass(kw_only=True)
class Cost:
    """What the jobs of one rule have taken, those that are done."""

    num_jobs: int = 0
    hours: float = 0.0
    gpu_hours: float = 0.0
    """Hours times the GPUs that were asked for."""


def _fields(lines: Iterator[str]) -> dict[str, str]:
    """Read what stands under the heading of a job, as far as the first empty line."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line.strip():
            break
        match = _FIELD.match(line)
        if match:
            fields.setdefault(match[1], match[2])
    return fields


def _follow(lines: Iterator[str], jobs: dict[Path, Job]) -> None:
    """Follow the jobs through the log of one run of Snakemake, which numbers them."""
    logs: dict[str, Path] = {}

    def set_state(number: str, state: State) -> None:
        if number in logs:
            jobs[logs[number]] = dataclasses.replace(jobs[logs[number]], state=state)

    for line in lines:
        if heading := _JOB.match(line):
            fields = _fields(lines)
            if "log" in fields:
                log = logs[fields["jobid"]] = Path(fields["log"])
                gpus = _GPU.search(fields.get("resources", ""))
                jobs[log] = Job(
                    rule=heading[1], log=log, num_gpus=int(gpus[1]) if gpus else 0, state="running"
                )
        elif _ERROR.match(line):
            set_state(_fields(lines).get("jobid", ""), "failed")
        elif finished := _FINISHED.match(line):
            set_state(finished[1], "done")


def read_jobs(logs: Iterable[Path], run: str) -> list[Job]:
    """Follow the jobs of a run through the logs of Snakemake.

    Args:
        logs: In the order in which they were begun.
        run: Name of the run.

    Returns:
        The jobs that were begun, in the order in which they first were. On a cluster a job counts
        as running from its submission; and it stays so if its Snakemake was killed.
    """
    jobs: dict[Path, Job] = {}
    for path in logs:
        with path.open(encoding="utf-8", errors="replace") as file:
            _follow(iter(file), jobs)
    return [job for job in jobs.values() if job.log.is_relative_to(Path("logs", run))]


def last_line(path: Path) -> str:
    """Return the last line of a log that says something; of a progress bar, its last state."""
    if not path.is_file():
        return "no log yet"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        text = file.read().decode(errors="replace")
    lines = [line.strip() for line in re.split(r"[\r\n]", text)]
    return next((line for line in reversed(lines) if line), "")


def read_seconds(benchmark: Path) -> float:
    """Return the time that a job took, of its last attempt; 0 where there is no benchmark."""
    if not benchmark.is_file():
        return 0.0
    with benchmark.open(encoding="utf-8", newline="") as file:
        return sum(float(row["s"]) for row in csv.DictReader(file, delimiter="\t"))


def sum_costs(jobs: Iterable[Job], run: str, results: Path) -> dict[str, Cost]:
    """Sum up what the jobs that are done have taken: rule -> cost.

    Args:
        jobs: Of the run.
        run: Its name.
        results: Folder of the runs.
    """
    costs: dict[str, Cost] = defaultdict(Cost)
    for job in jobs:
        if job.state != "done":
            continue
        name = job.log.relative_to(Path("logs", run)).with_suffix(".tsv")
        hours = read_seconds(results / run / "benchmarks" / name) / 3600
        cost = costs[job.rule]
        cost.num_jobs += 1
        cost.hours += hours
        cost.gpu_hours += hours * job.num_gpus
    return dict(costs)
