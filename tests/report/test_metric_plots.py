import pytest

from idfsr.report.layout import metric_columns
from idfsr.report.metric_plots import draw_metric_plots
from idfsr.report.tables import Measurements, build_table

METHODS = ("bicubic", "idfsr-pt", "idfsr-ft")


def test_a_panel_for_each_metric_with_values(measurements: Measurements) -> None:
    names1, names2 = ("psnr", "brisque", "mobilenetv2_fd"), ("idv_sface", "age_diff_embedded")
    tables = [
        (build_table(measurements, names, METHODS, 50), metric_columns(names))
        for names in (names1, names2)
    ]
    figure = draw_metric_plots(tables, {("idfsr-pt", "psnr"): "†"})
    visible = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title("left") for axes in visible] == [
        "PSNR (dB) ↑", "MobileNetV2 Frechet distance ↓", "IDV (SFace) (%) ↑",
        "Age difference (embedded) (years) ↓",
    ]  # fmt: skip
    psnr, frechet, verified, _ = visible
    labels = [label.get_text() for label in psnr.get_yticklabels()]
    assert labels == ["Bicubic", "IDFSR (PT)", "IDFSR (FT)"]
    assert [text.get_text() for text in psnr.texts] == ["", "†", ""]
    # Two scale factors of three methods, a line and a point each; no value, no point.
    assert len(psnr.lines) == 12
    assert len(frechet.lines) == 6
    first_interval, first_point = psnr.lines[:2]
    assert first_point.get_xdata() == pytest.approx([22])
    assert first_interval.get_xdata() == pytest.approx([21, 25])
    assert verified.lines[1].get_xdata() == pytest.approx([50])
