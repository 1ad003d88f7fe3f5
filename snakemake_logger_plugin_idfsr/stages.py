"""What of a run of Snakemake is done, from the events that it logs.

A stage is a rule with a benchmark; the others, such as the one that writes settings, take no time.
How many jobs a rule will have is known for certain only behind the last checkpoint.
"""

import logging
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

SMALL_SHARE = 0.01
"""Stages that took less of the work are counted together at the end."""

WIDTH = 100

TIE = "\N{NO-BREAK SPACE}"


class JobsLeft(logging.Filter):
    """Adds to each record of progress how many jobs the rules have left.

    Snakemake itself says the number of all jobs alone. To be put on its logger by the workflow,
    which knows the graph of jobs; so it runs in the thread that changes the graph.
    """

    def __init__(self, dag: Any) -> None:
        super().__init__()
        self._dag = dag
        self._finished = -1

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the number of jobs left, rule by rule, and whether a checkpoint is among them."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_FINISHED:
            self._finished = record.__dict__["job_id"]
        elif event == LogEvent.PROGRESS:  # after it, and before what a checkpoint adds
            jobs = list(self._dag.needrun_jobs())
            record.left = Counter(job.rule.name for job in jobs if job.jobid != self._finished)
            record.may_grow = any(job.is_checkpoint for job in jobs)
        return True


def print_time(seconds: float) -> str:
    """Print a time as a clock does, e.g. "2:05" or "1:02:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def print_about(seconds: float) -> str:
    """Print a time that is a guess."""
    if seconds < 60:  # noqa: PLR2004 (a minute)
        return "less than a minute"
    minutes = round(seconds / 60)
    if minutes < 100:  # noqa: PLR2004 (an hour and a half)
        return f"about {minutes} min"
    return f"about {minutes / 60:.0f} h"


@dataclass(frozen=True)
class Job:
    """A job that was begun."""

    rule: str
    wildcards: str
    is_stage: bool
    begun: float
    """When, in seconds since the epoch."""


@dataclass(frozen=True)
class Progress:
    """How far a run is at one moment; times are seconds since the epoch."""

    begun: float
    at: float
    num_done: int
    num_jobs: int
    left: float | None
    """Seconds that the rest may take; None as long as nobody knows what is to be done."""
    running: tuple[Job, ...]

    def count(self, now: float) -> str:
        """Say how many jobs are done and how long the others may take."""
        text = f"{self.num_done} of {self.num_jobs} jobs" if self.num_jobs else "begun"
        if self.left is None:
            return text
        return f"{text}, {print_about(max(0.0, self.left - (now - self.at)))} left"

    def describe(self, now: float) -> str:
        """Say in one line what is done and what runs."""
        times = [f"{job.rule} {print_time(now - job.begun)}" for job in self.running]
        return "  ".join([f"{print_time(now - self.begun):>8}", self.count(now), *times])


@dataclass
class Stages:
    """Follows the jobs of one run of Snakemake."""

    begun: float
    """When the run was, in seconds since the epoch."""
    jobs: dict[int, Job] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """Of the finished jobs of each stage."""
    num_done: int = 0
    num_jobs: int = 0
    left: Counter[str] = field(default_factory=Counter)
    """Jobs of each rule."""
    may_grow: bool = True
    """Whether a checkpoint may add jobs."""
    last: str = ""
    """The rule of the job that finished last."""

    def begin(self, record: logging.LogRecord) -> None:
        """Note a job that begins: an event JOB_INFO."""
        job = record.__dict__
        wildcards = ", ".join(f"{name}={value}" for name, value in job["wildcards"].items())
        number = int(job["jobid"])
        is_stage = job["benchmark"] is not None
        self.jobs[number] = Job(job["rule_name"], wildcards, is_stage, record.created)
        self.running.add(number)

    def finish(self, record: logging.LogRecord) -> None:
        """Note a job that is done: an event JOB_FINISHED."""
        number = int(record.__dict__["job_id"])
        if number not in self.jobs:  # --quiet rules
            return
        job = self.jobs[number]
        self.running.discard(number)
        self.last = job.rule
        if job.is_stage:
            self.seconds.setdefault(job.rule, []).append(record.created - job.begun)

    def proceed(self, record: logging.LogRecord) -> str:
        """Note how far the run is: an event PROGRESS.

        Returns:
            The line of the stage that is done with it, or nothing.
        """
        event = record.__dict__
        self.num_done, self.num_jobs = event["done"], event["total"]
        self.left, self.may_grow = event.get("left", Counter()), event.get("may_grow", True)
        if self.last not in self.seconds or self.left[self.last]:
            return ""
        now, times = record.created, self.seconds[self.last]
        jobs = "1 job" if len(times) == 1 else f"{len(times)} jobs"
        took = f"{self.last:24}{jobs:>8}{print_time(sum(times)):>9}"
        return f"{print_time(now - self.begun):>8}  {took}   {self.progress(now).count(now)}"

    def progress(self, now: float) -> Progress:
        """Say how far the run is."""
        running = tuple(self.jobs[number] for number in sorted(self.running))
        stages = tuple(job for job in running if job.is_stage)
        left = self._seconds_left(now, stages)
        return Progress(self.begun, now, self.num_done, self.num_jobs, left, stages)

    def _seconds_left(self, now: float, running: tuple[Job, ...]) -> float | None:
        """Guess how long the run will still take.

        A job is taken to last as long as those of its rule did, or as those of all rules where
        there is none yet, and as many to run at once as did so far.
        """
        known = [second for times in self.seconds.values() for second in times]
        if self.may_grow or not known:
            return None
        means = {rule: sum(times) / len(times) for rule, times in self.seconds.items()}
        mean = sum(known) / len(known)
        others = {job.rule for job in self.jobs.values() if not job.is_stage}
        left = {rule: number for rule, number in self.left.items() if rule not in others}
        work = sum(number * means.get(rule, mean) for rule, number in left.items())
        spent = [now - job.begun for job in running]
        for job, seconds in zip(running, spent, strict=True):
            work -= min(seconds, means.get(job.rule, mean))
        at_once = (sum(known) + sum(spent)) / max(1.0, now - self.begun)
        return max(0.0, work) / max(1.0, at_once)

    def summarise(self, now: float) -> str:
        """Say how long each stage took, the longest first."""
        sums = {rule: sum(times) for rule, times in self.seconds.items()}
        total = sum(sums.values())
        long = [rule for rule, seconds in sums.items() if seconds >= SMALL_SHARE * total]
        long.sort(key=lambda rule: -sums[rule])
        parts = [f"{rule}{TIE}{print_time(sums[rule])}" for rule in long]
        if len(long) < len(sums):
            rest = total - sum(sums[rule] for rule in long)
            parts.append(f"the{TIE}others{TIE}{print_time(rest)}")
        text = f"Took {print_time(now - self.begun)}; the jobs of each stage: {', '.join(parts)}."
        lines = textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
        return "\n".join(lines).replace(TIE, " ")
