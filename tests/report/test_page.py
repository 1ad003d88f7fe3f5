import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from idfsr.errors import DamagedFileError, IdfsrError
from idfsr.io.texts import write_text
from idfsr.report.facts import list_versions
from idfsr.report.page import PageInputs, inline_figure, render_page
from idfsr.report.viewer import MAX_EMBEDDED

from .made_run import enlarge_run, make_run


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
        if tag not in ("meta", "img", "link", "br", "input"):
            self.open.append(tag)
        for name in ("src", "srcset", "data", "poster"):
            self.loaded += [values[name] or ""] if name in values else []
        self.links += [values["href"] or ""] if "href" in values else []
        self.anchors += [values["id"] or ""] if "id" in values else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "polyline"  # of SVG, where an element may close itself
        self.tags.append(tag)
        assert attrs


def render(inputs: PageInputs) -> str:
    return render_page(inputs, inputs.facts.with_name("index.html"))


def test_page_needs_no_other_file(inputs: PageInputs) -> None:
    page = render(inputs)
    links = Links()
    links.feed(page)
    assert not links.open
    assert links.loaded
    assert all(re.match(r"data:image/(png|webp);base64,", address) for address in links.loaded)
    assert all(address.startswith("#") for address in links.links)
    assert {address[1:] for address in links.links} <= set(links.anchors)
    assert len(links.anchors) == len(set(links.anchors))
    assert not {"link", "iframe", "object"} & set(links.tags)
    assert not re.search(r"https?://|@import|url\(", page)


def test_page_holds_the_run(inputs: PageInputs) -> None:
    page = render(inputs)
    for words in (
        "6 faces of 3 rendered people",
        "These people are rendered.",
        "<code>0123456789012e45</code>",
        "<dd>41</dd>",
        "A &lt;curve&gt;",
        "Its &amp; caption.",
        '<span class="best">22.94</span>',
        '<span class="second">21.94</span>',
        "BRISQUE: could not be computed; its columns are empty.",
        "dan/0: no face",
        "CodeFormer",
        "num_examples: 3",
        "Fits and restorations took 0.3 minutes of jobs",
        "<td>2.00</td>",  # seconds an image: 12 s for 6 images
        "paper 24.42 (\N{MINUS SIGN}3.48)",
        f"torch {list_versions()['torch']}",
        "this person</strong>",
    ):
        assert words in page, words


def test_same_inputs_same_page(inputs: PageInputs) -> None:
    assert render(inputs) == render(inputs)


def test_numbers_in_prose_are_those_of_the_tables(inputs: PageInputs) -> None:
    page = render(inputs)
    headline = page[page.index('id="findings"') : page.index('id="tables"')]
    (of_the_fit, _) = re.findall(r'class="figure-number">([\d.]+)', headline)
    table = page[page.index('id="table1-x8"') : page.index('id="table2-x8"')]
    rows = re.findall(r"IDFSR \(FT\)</th>(.*?)</tr>", table, re.DOTALL)
    assert of_the_fit in rows[0]
    assert "against" not in of_the_fit
    assert "closer" in headline


def test_many_images_stay_beside_the_page(inputs: PageInputs, tmp_path: Path) -> None:
    large = enlarge_run(inputs, tmp_path / "large", 150, 4)
    size = sum(path.stat().st_size for folder in large.faces for path in folder.glob("*.webp"))
    assert size > MAX_EMBEDDED
    page = render_page(large, tmp_path / "large/report/index.html")
    assert '"src": "faces/x8/00599.webp"' in page
    assert "data:image/webp" not in page
    assert len(page) < 2 * 2**20


def test_names_are_text(tmp_path: Path) -> None:
    name = "\"><script>document.title='taken'<b>"
    page = render(make_run(tmp_path, (name, "bob")))
    assert name not in page
    assert "&lt;script&gt;document.title" in page
    assert "\\u003cscript\\u003edocument.title" in page


def test_run_without_fitted_model(inputs: PageInputs) -> None:
    header = (inputs.tables_dir / "paired.csv").read_text().splitlines()[0]
    write_text(inputs.tables_dir / "paired.csv", header + "\n")
    assert "no fitted model to compare with" in render(inputs)


def test_other_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="missing or not an image"):
        inline_figure(tmp_path / "none.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    with pytest.raises(IdfsrError, match="has no title and caption"):
        inline_figure(tmp_path / "plain.png")


def test_missing_summary_is_named(inputs: PageInputs) -> None:
    inputs.split_summary.unlink()
    with pytest.raises(IdfsrError, match=r"split_summary\.tsv: no such file"):
        render(inputs)


def test_changed_image_is_refused(inputs: PageInputs) -> None:
    path = inputs.faces[0] / "00003.webp"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DamagedFileError, match=r"00003\.webp"):
        render(inputs)
    path.unlink()
    with pytest.raises(IdfsrError, match=r"00003\.webp: no such file"):
        render(inputs)
