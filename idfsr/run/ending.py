"""What a run says at its end: the main numbers of its tables, and where the report is."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

RESULTS: Final = Path("results")


def describe_end(run: str, rules: Collection[str]) -> Iterator[str]:
    """Yield what is shown when all jobs of a run have ended well.

    Args:
        run: Name of the run.
        rules: Of the jobs; without the report's, only a part of the run was asked for.
    """
    if "report" not in rules:
        return
    yield (RESULTS / run / "tables/summary.txt").read_text(encoding="utf-8").rstrip()
    yield f"Report: {RESULTS / run / 'report/index.html'}"
