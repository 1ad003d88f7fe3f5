import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from idfsr.config.metrics import MetricsConfig
from idfsr.config.report import ReportConfig
from idfsr.errors import IdfsrError
from idfsr.io.published import COLUMNS
from idfsr.io.texts import write_text
from idfsr.report.conditions import summarise_probes
from idfsr.report.networks import list_networks
from idfsr.report.page import (
    PageInputs,
    inline_figure,
    judge,
    lay_out_differences,
    list_versions,
    render_page,
)
from idfsr.report.run_tables import make_tables
from idfsr.report.style import write_figure
from idfsr.report.tables import Measurements, write_csv
from idfsr.run.config import Config, stage_settings

CONFIG = Config(
    seed=41,
    metrics=MetricsConfig(
        table1=("psnr", "brisque"), table2=("age_diff_embedded",), num_bootstrap=50
    ),
    report=ReportConfig(num_examples=3),
)


FILES = pd.DataFrame(
    [["weights/codeformer.pth", 3, "5f" * 32, "another file"]], columns=list(COLUMNS)
)


class Links(HTMLParser):
    """Collects what a page loads, links to and can be linked to."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)
        for name in ("src", "srcset", "data", "poster"):
            self.loaded += [values[name] or ""] if name in values else []
        self.links += [values["href"] or ""] if "href" in values else []
        self.anchors += [values["id"] or ""] if "id" in values else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def inputs(tmp_path: Path, measurements: Measurements) -> PageInputs:
    tables = make_tables(measurements, list_networks([]), stage_settings(CONFIG, "tables"), FILES)
    for name in ("table1", "table2", "paired"):
        write_csv(getattr(tables, name), tmp_path / f"{name}.csv")
    write_csv(summarise_probes([], 10), tmp_path / "conditions.csv")
    write_csv(list_networks([]), tmp_path / "networks.csv")
    write_csv(FILES, tmp_path / "files.csv")
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    write_figure(figure, tmp_path / "curve-x8.png", "A <curve>", "Its & caption.")
    (tmp_path / "split_summary.tsv").write_text(
        "part\treason\tnum_identities\tnum_images\n"
        "pretrain\t\t30\t240\ntest\t\t10\t40\nleft_out\t\t3\t5\nleft_out\tno face\t3\t5\n"
    )
    return PageInputs(
        config=CONFIG,
        tables_dir=tmp_path,
        figures=[tmp_path / "curve-x8.png"],
        split_summary=tmp_path / "split_summary.tsv",
        paper=Path("config/paper.tsv"),
    )


def test_page_needs_no_other_file(inputs: PageInputs) -> None:
    page = render_page(inputs)
    links = Links()
    links.feed(page)
    assert not links.open
    assert links.loaded
    assert all(address.startswith("data:image/png;base64,") for address in links.loaded)
    assert all(address.startswith("#") for address in links.links)
    assert {address[1:] for address in links.links} == set(links.anchors)
    assert len(links.anchors) == len(set(links.anchors))
    assert not {"link", "script", "iframe", "object"} & set(links.tags)
    assert not re.search(r"https?://|@import|url\(", page)


def test_page_holds_the_run(inputs: PageInputs) -> None:
    page = render_page(inputs)
    for words in (
        "4 images of 2 people",
        "<code>0123456789012e45</code>",
        "<dd>41</dd>",
        "A &lt;curve&gt;",
        "Its &amp; caption.",
        '<span class="best">25.25</span><span class="interval">[24.00, 29.00]</span>',
        '<span class="second">24.00</span>',
        "BRISQUE: could not be computed; its columns are empty.",
        "no face",
        "CodeFormer",
        "3.3 ± 1.7",
        "num_examples: 3",
        f"torch {list_versions()['torch']}",
    ):
        assert words in page, words


def test_same_inputs_same_page(inputs: PageInputs) -> None:
    assert render_page(inputs) == render_page(inputs)


@pytest.mark.parametrize(
    ("lo", "hi", "direction", "verdict"),
    [
        (0.1, 0.2, "higher", "better"),
        (0.1, 0.2, "lower", "worse"),
        (-0.2, -0.1, "lower", "better"),
        (-0.2, -0.1, "higher", "worse"),
        (-0.1, 0.1, "higher", "open"),
        (0.0, 0.1, "higher", "open"),
        (np.nan, np.nan, "higher", "open"),
    ],
)
def test_verdicts(lo: float, hi: float, direction: str, verdict: str) -> None:
    assert judge(lo, hi, direction) == verdict


def test_differences_in_print() -> None:
    rows = [
        ("idfsr-ft", "bicubic", 8, "psnr", 3.25, 3.0, 4.0, 2),
        ("idfsr-ft", "bicubic", 16, "psnr", -0.5, -1.0, 0.5, 2),
        ("idfsr-ft", "bicubic", 8, "idv_sface", 0.125, np.nan, np.nan, 1),
        ("idfsr-ft", "bicubic", 16, "idv_sface", 0.0, 0.0, 0.0, 2),
    ]
    names = [
        "method_a", "method_b", "scale_factor", "metric", "difference", "lo", "hi",
        "num_identities",
    ]  # fmt: skip
    found = lay_out_differences(pd.DataFrame(rows, columns=names))
    assert [head[1:] for head in found["heads"]] == ["8 minus Bicubic", "16 minus Bicubic"]
    (psnr, psnr_cells), (_, idv_cells) = found["rows"]
    assert psnr == "PSNR (dB) ↑"
    assert (psnr_cells[0].text, psnr_cells[0].interval) == ("+3.25", "[3.00, 4.00]")
    assert psnr_cells[0].verdict == "better"
    assert (psnr_cells[1].text, psnr_cells[1].verdict) == ("-0.50", "open")
    assert (idv_cells[0].text, idv_cells[0].interval) == ("+12.5", "")
    assert idv_cells[1].text == "0.0"


def test_run_without_fitted_model(inputs: PageInputs, tmp_path: Path) -> None:
    header = (tmp_path / "paired.csv").read_text().splitlines()[0]
    write_text(tmp_path / "paired.csv", header + "\n")
    assert "no fitted model to compare with" in render_page(inputs)


def test_other_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="missing or not an image"):
        inline_figure(tmp_path / "none.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    with pytest.raises(IdfsrError, match="has no title and caption"):
        inline_figure(tmp_path / "plain.png")


def test_missing_summary_is_named(inputs: PageInputs, tmp_path: Path) -> None:
    (tmp_path / "split_summary.tsv").unlink()
    with pytest.raises(IdfsrError, match=r"split_summary\.tsv: no such file"):
        render_page(inputs)
