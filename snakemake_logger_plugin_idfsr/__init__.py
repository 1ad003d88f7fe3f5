"""What `snakemake` shows on a terminal: a line for each finished stage, and one of progress.

A plug-in of Snakemake's, chosen in profiles/default/profile.yaml. Warnings and errors are shown as
they come; of a failed job the end of its log. All that Snakemake prints otherwise, such as the
commands, is in its own log (.snakemake/log), and what the jobs print is in theirs. Dry runs and
`--verbose` look as without it.
"""

import logging
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text
from snakemake.logging import ColorizingTextHandler
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_idfsr.stages import JobsLeft, Progress, Stages

__all__ = ["SHOWN", "JobsLeft", "LogHandler"]

SHOWN = {"shown": True}
"""Extra of a record of the workflow's own that is shown."""

SHOWN_BEGINNINGS = (
    "Nothing to be done",
    "Complete log(s)",
    "Terminating processes",
    "Will exit after",
    "Trying to restart",
)
"""Of what Snakemake says while it runs jobs, but for warnings and errors."""

COMMAND_FAILED = "RuleException:\nCalledProcessError"
"""Beginning of an error that names a command and how it ended; that of its job follows."""

LAST_LINES = 15
"""Of the log of a failed job."""

REFRESHES = 2
"""A second."""

STYLES = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "red"}


def last_lines(path: Path) -> list[str]:
    """Return the end of a log; of a progress bar its last state."""
    if not path.is_file():
        return []
    lines = path.read_bytes().decode(errors="replace").split("\n")
    texts = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
    return [text for text in texts if text.strip()][-LAST_LINES:]


def _is_shown(record: logging.LogRecord) -> bool:
    """Whether a record that is no event is shown while jobs run."""
    if record.levelno >= logging.WARNING or hasattr(record, "shown"):
        return True
    return record.getMessage().startswith(SHOWN_BEGINNINGS)


class LogHandler(LogHandlerBase):
    """Shows the events of Snakemake.

    Attributes:
        console: Where they are shown.
    """

    def __post_init__(self) -> None:
        """Choose between the short form and Snakemake's own."""
        settings = self.common_settings
        stream = sys.stdout if settings.stdout else sys.stderr
        self.console = Console(file=stream, no_color=settings.nocolor or None)
        self._full: ColorizingTextHandler | None = None
        if settings.dryrun or settings.verbose or settings.debug_dag:
            self._full = ColorizingTextHandler(settings.nocolor, stream)
        self._stages: Stages | None = None
        self._progress: Progress | None = None
        self._live: Live | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show an event, if it is one to be shown."""
        try:
            if self._full is not None:
                self._full.setFormatter(self.formatter)
                self._full.emit(record)
            else:
                self._follow(record)
        except Exception:  # noqa: BLE001 (as every handler: a run outlives what it prints)
            self.handleError(record)

    def close(self) -> None:
        """Take the line of progress away."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        super().close()

    def _follow(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event == LogEvent.WORKFLOW_STARTED:
            self._stages = Stages(record.created)
        elif self._stages is None:
            self._tell(record)
        elif event == LogEvent.JOB_ERROR:
            self._fail(record, self._stages)
        elif event in (LogEvent.JOB_INFO, LogEvent.JOB_FINISHED, LogEvent.PROGRESS):
            self._count(record, self._stages)
        elif _is_shown(record):
            self._tell(record)

    def _tell(self, record: logging.LogRecord) -> None:
        """Show what Snakemake says in its own words, but for commands: these are in its log."""
        text = self.format(record)
        if text.startswith(COMMAND_FAILED):
            text = "A command " + text.rpartition("' ")[2]
        self._show(text, STYLES.get(record.levelno, ""))

    def _count(self, record: logging.LogRecord, stages: Stages) -> None:
        """Follow a job that begins or is done, and show the stage that is done with it."""
        if record.__dict__["event"] == LogEvent.JOB_INFO:
            stages.begin(record)
        elif record.__dict__["event"] == LogEvent.JOB_FINISHED:
            stages.finish(record)
        else:
            self._show(stages.proceed(record))
            if stages.num_done == stages.num_jobs:
                self._show(stages.summarise(record.created))
        self._progress = stages.progress(record.created)
        self._start_line()

    def _fail(self, record: logging.LogRecord, stages: Stages) -> None:
        """Show which job has failed, and the end of its log."""
        failed = record.__dict__
        stages.running.discard(failed["jobid"])
        job = stages.jobs.get(failed["jobid"])
        whose = f" ({job.wildcards})" if job is not None and job.wildcards else ""
        lines = [f"{failed['rule_name']}{whose} failed: {failed['rule_msg'] or 'see its log'}"]
        lines += [f"  {name}: {value}" for name, value in failed["aux"].items()]
        for log in failed["log"]:
            ends = last_lines(Path(log))
            lines.append(f"  the end of {log}:" if ends else f"  nothing in {log}")
            lines += [f"    {line}" for line in ends]
        self._show("\n".join(lines), STYLES[logging.ERROR])

    def _show(self, text: str, style: str = "") -> None:
        if text:
            self.console.print(Text(text, style=style), soft_wrap=True)

    def _start_line(self) -> None:
        """Begin to show progress, on a terminal."""
        if self._live is None and self.console.is_terminal:
            self._live = Live(
                console=self.console,
                refresh_per_second=REFRESHES,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
                get_renderable=self._render,
            )
            self._live.start()

    def _render(self) -> Text:
        """Print the line of progress; called from another thread, which changes nothing."""
        progress = self._progress
        text = "" if progress is None else progress.describe(time.time())
        return Text(text, no_wrap=True, overflow="ellipsis")

    @property
    def writes_to_stream(self) -> bool:
        """Instead of Snakemake's own handler."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake's own log is written all the same."""
        return False

    @property
    def has_filter(self) -> bool:
        """`--quiet` is Snakemake's."""
        return False

    @property
    def has_formatter(self) -> bool:
        """As its words are, where they are shown."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """The number of jobs left says enough."""
        return False
