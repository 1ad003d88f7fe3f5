"""The three files of each of the paper's figures: PNG, SVG, and the numbers behind it as CSV."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from idfsr.io.files import atomic_path
from idfsr.report.style import figure_style, write_figure
from idfsr.report.tables import write_csv


def write_outputs(
    figure: Figure, table: pd.DataFrame, path: Path, title: str, caption: str
) -> None:
    """Write a figure and its numbers.

    Args:
        figure: Drawn inside `figure_style`.
        table: What it shows, in numbers.
        path: The PNG file to make; the others stand beside it.
        title: A heading of a few words.
        caption: What is to be seen, in whole sentences.
    """
    write_figure(figure, path, title, caption)
    metadata = {"Date": None, "Creator": None, "Title": title, "Description": caption}
    with atomic_path(path.with_suffix(".svg")) as temporary, figure_style():
        figure.savefig(temporary, format="svg", metadata=metadata)
    write_csv(table, path.with_suffix(".csv"))
