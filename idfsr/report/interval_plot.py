"""Means with their intervals as dots on lines, one below the other."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from idfsr.report.intervals import Interval


def draw_interval(axes: Axes, place: int, interval: Interval, colour: str) -> None:
    """Draw a mean and its interval.

    Args:
        axes: Of the plot.
        place: From the top, 0 first.
        interval: To draw; one without ends is a dot alone.
        colour: "#rrggbb".
    """
    ends = [interval.lo, interval.hi]
    axes.plot(ends, [place] * 2, color=colour, linewidth=1.8, alpha=0.65)
    axes.plot(interval.mean, place, "o", color=colour, markersize=5.5)


def name_places(axes: Axes, labels: Sequence[str]) -> None:
    """Write the name of each place beside it, from the top."""
    axes.set_yticks(range(len(labels)), list(labels))
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
