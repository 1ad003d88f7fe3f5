"""How all figures look, and how they are written: the same numbers give the same bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from idfsr.io.files import atomic_path

DPI = 160
"""Dots per inch of every figure; text has the same size in all of them."""

INK = "#1f2933"
QUIET = "#7b8794"
FAINT = "#d9dee3"
"""Text, secondary text and grids."""

GOOD, BAD = "#0b6fb8", "#c8501e"
"""What went the right way and what did not."""

_SETTINGS = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "idfsr",
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw with the house's settings, whatever the user's are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def write_figure(figure: Figure, path: Path, title: str, caption: str) -> None:
    """Write a figure as PNG; its title and caption travel in the file, for the HTML page.

    Args:
        figure: Drawn inside `figure_style`.
        path: The file to make.
        title: A heading of a few words.
        caption: What is to be seen, in whole sentences.
    """
    metadata = {"Software": None, "Title": title, "Description": caption}
    with atomic_path(path) as temporary, figure_style():
        figure.savefig(temporary, format="png", dpi=DPI, metadata=metadata)
