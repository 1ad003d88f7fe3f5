from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from idfsr.report.style import DPI, figure_style, write_figure


def draw() -> Figure:
    with figure_style():
        figure = Figure(figsize=(2, 1), layout="constrained")
        figure.subplots().plot([0, 1], [1, 0])
    return figure


def test_same_figure_same_bytes_with_title_and_caption(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        write_figure(draw(), tmp_path / name, "Title", "What ↓ means.")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert image.size == (2 * DPI, DPI)
        assert image.info["Title"] == "Title"
        assert image.info["Description"] == "What ↓ means."
        assert "Software" not in image.info


def test_settings_of_the_user_neither_matter_nor_change(tmp_path: Path) -> None:
    write_figure(draw(), tmp_path / "one.png", "", "")
    with mpl.rc_context({"axes.facecolor": "red", "font.size": 30}):
        write_figure(draw(), tmp_path / "two.png", "", "")
        assert mpl.rcParams["font.size"] == 30
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
