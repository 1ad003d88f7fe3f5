"""The report in Debian's Chromium: it can be used, read and printed, and asks for nothing.

IDFSR_SCREENSHOTS=FOLDER keeps the pictures that the tests take.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from idfsr.report.layout import TIMES
from idfsr.report.page import PageInputs, render_page

from .made_run import PEOPLE, copy_run, enlarge_run, make_run

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
HOSTILE = "\"><script>document.title='taken'<b>"
SCREENSHOTS = os.environ.get("IDFSR_SCREENSHOTS", "")

FACES_ARE_SHOWN = "document.querySelector('#view-tiles canvas').width !== 300"
"""A canvas has 300 pixels until something is drawn in it."""

GREYS = """canvas => {
  const side = canvas.width, copy = new OffscreenCanvas(side, side);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const at = (x) => context.getImageData(Math.floor(x * side), side >> 1, 1, 1).data[0];
  return [at(0.1), at(0.9)];
}"""
"""The red of a pixel on the left and of one on the right of a canvas."""

LOOKS = """canvases => canvases.map((canvas) => {
  const copy = new OffscreenCanvas(16, 16);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0, 16, 16);
  return [...context.getImageData(0, 0, 16, 16).data];
})"""
"""What each canvas shows, in 16 x 16 pixels."""


@dataclass
class Opened:
    """A page in the browser, and what it complained of or asked for."""

    page: Any
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Write down messages, errors and requests."""
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def numbers(self, table: str, column: int) -> list[str]:
        """Return the text of a column of a table."""
        cells = self.page.locator(f"[aria-labelledby={table}] tbody tr > :nth-child({column})")
        return [text.split("\n")[0].strip("≈ ") for text in cells.all_inner_texts()]

    def caption(self) -> str:
        """Return the line below the large face."""
        return str(self.page.locator("#view-caption").inner_text())


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run in which one person has a name that is meant to break it."""
    folder = tmp_path_factory.mktemp("report")
    inputs = make_run(folder, (HOSTILE, *PEOPLE))
    page = folder / "report/index.html"
    page.write_text(render_page(inputs, page), encoding="utf-8")
    return page


@pytest.fixture
def opened(browser: Any, report: Path) -> Iterator[Opened]:
    """The page at 1280 px; in the end nothing was asked for and nothing was wrong."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = Opened(context.new_page())
    opened.watch()
    opened.page.goto(report.as_uri())
    opened.page.wait_for_function(FACES_ARE_SHOWN)
    yield opened
    assert opened.messages == []
    asked = [url for url in opened.requests if not url.startswith("data:")]
    assert asked == [report.as_uri()]
    context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_page_fits_and_can_be_read_by_all(
    browser: Any, report: Path, width: int, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(report.as_uri())
    page.locator(".person summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    wide = page.evaluate(
        """width => [...document.querySelectorAll("body *")].filter(
            (part) => part.getBoundingClientRect().right > width + 1
                && !part.closest(".scroll, nav, pre, dialog, .hidden"),
        ).map((part) => part.outerHTML.slice(0, 80))""",
        width,
    )
    assert wide == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    found = axe.Axe().run(page).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in serious] == []
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{width}-{scheme}.png", full_page=True)
    context.close()


def test_hostile_name_is_text(opened: Opened) -> None:
    assert opened.page.title() == "IDFSR: made"
    assert HOSTILE in opened.page.locator(".person .name").all_inner_texts()
    options = opened.page.locator("#view-person option").all_inner_texts()
    assert HOSTILE in options
    assert opened.page.locator("main script").count() == 0


def without_mark(text: str) -> float:
    """Read a number whose judge is marked."""
    return float(text.rstrip("†‡§¶"))


def test_tables_sort(opened: Opened) -> None:
    before = opened.numbers("table1-x8", 2)
    assert before == sorted(before, key=without_mark)
    heading = opened.page.locator("[aria-labelledby=table1-x8] th:nth-child(4) button")
    heading.click()
    values = opened.numbers("table1-x8", 4)
    assert values == sorted(values, key=without_mark)
    assert opened.numbers("table1-x8", 2) == before[::-1]
    heading.click()
    assert opened.numbers("table1-x8", 4) == values[::-1]
    assert heading.locator("xpath=..").get_attribute("aria-sort") == "descending"
    opened.page.locator("[aria-labelledby=table1-x8] th:nth-child(1) button").click()
    assert opened.numbers("table1-x8", 2) == before


def test_empty_cells_sort_last(opened: Opened) -> None:
    heading = opened.page.locator("[aria-labelledby=table1-x8] th:nth-child(3) button")
    heading.click()
    assert opened.numbers("table1-x8", 3) == ["\N{EN DASH}"] * 4


def test_intervals_and_the_papers_values_on_demand(opened: Opened) -> None:
    interval = opened.page.locator("#tables .interval").first
    paper = opened.page.locator("#tables .paper").first
    assert not interval.is_visible()
    assert not paper.is_visible()
    opened.page.locator("[data-toggle=show-intervals]").check()
    opened.page.locator("[data-toggle=show-paper]").check()
    assert interval.is_visible()
    assert paper.is_visible()


@pytest.mark.parametrize(
    ("name", "words"),
    [("CSV", "Method,PSNR (dB) ↑"), ("Markdown", "| IDFSR (FT) |"), ("LaTeX", r"\toprule")],
)
def test_tables_are_copied_as_text(opened: Opened, name: str, words: str) -> None:
    opened.page.get_by_role("button", name=f"Copy Table 1, {TIMES}8 as {name}", exact=True).click()
    assert words in opened.page.locator("#copy-text").input_value()
    opened.page.keyboard.press("Escape")
    assert not opened.page.locator("#copy-dialog").is_visible()


def test_slider_stands_between_the_method_and_the_truth(opened: Opened) -> None:
    large = opened.page.locator("#view-large")
    slider = opened.page.locator("#view-split")
    slider.fill("100")
    fitted = large.evaluate(GREYS)
    assert fitted == [180, 180]  # the plain grey of the fitted model
    slider.fill("0")
    truth = large.evaluate(GREYS)
    assert 180 not in truth
    slider.fill("50")
    assert large.evaluate(GREYS) == [fitted[0], truth[1]]


def moved(before: list[list[int]], after: list[list[int]]) -> list[bool]:
    """Say of each canvas whether it shows something else, by more than rounding."""
    pairs = zip(before, after, strict=True)
    return [max(abs(a - b) for a, b in zip(*each, strict=True)) > 4 for each in pairs]


def test_zoom_and_drag_move_all_faces_together(opened: Opened) -> None:
    canvases = opened.page.locator("#viewer canvas")
    opened.page.locator("#view-split").fill("0")
    before = canvases.evaluate_all(LOOKS)
    opened.page.locator("#view-zoom").fill("4")
    zoomed = canvases.evaluate_all(LOOKS)
    # the large one, three inputs and the truth; the methods restore plain grey everywhere
    together = [True, *[True] * 3, *[False] * 4, True]
    assert moved(before, zoomed) == together
    box = opened.page.locator("#view-large").bounding_box()
    opened.page.mouse.move(box["x"] + 200, box["y"] + 200)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 120, box["y"] + 160, steps=4)
    opened.page.mouse.up()
    assert moved(zoomed, canvases.evaluate_all(LOOKS)) == together
    opened.page.keyboard.press("0")
    assert not any(moved(before, canvases.evaluate_all(LOOKS)))


def test_keys_change_the_image_and_the_method(opened: Opened) -> None:
    first = opened.caption()
    assert "(1 of 8)" in first
    opened.page.keyboard.press("ArrowRight")
    assert "(2 of 8)" in opened.caption()
    opened.page.keyboard.press("ArrowLeft")
    opened.page.keyboard.press("ArrowLeft")
    assert "(8 of 8)" in opened.caption()
    opened.page.get_by_role("button", name="Next image").click()
    assert opened.caption() == first
    assert opened.page.locator("#view-left").inner_text() == "IDFSR (FT)"
    opened.page.keyboard.press("m")
    assert opened.page.locator("#view-left").inner_text() == "Bicubic"
    opened.page.locator(".tile", has_text="CodeFormer").click()
    assert opened.page.locator("#view-left").inner_text() == "CodeFormer"
    opened.page.locator("#view-person").focus()
    opened.page.keyboard.press("ArrowRight")  # the list's own key
    assert "(1 of" in opened.caption()


def test_filters_and_sorting_of_faces(opened: Opened) -> None:
    opened.page.locator("#view-person").select_option(label="cat")
    assert opened.caption().startswith("cat / t0 (1 of 2)")
    assert opened.page.locator(".tile", has_text="IDFSR (FT)").inner_text().endswith("0.3030")
    opened.page.locator("#view-sort").select_option(label="IDS (SFace) ↓, worst first")
    assert opened.caption().startswith("cat / t1 (1 of 2)")
    opened.page.locator("#view-person").select_option(label="everybody")
    opened.page.locator("#view-sort").select_option(label="PSNR (dB) ↑, worst first")
    assert opened.caption().startswith("cat / t1 (1 of 8)")
    opened.page.locator("#view-scale").select_option(label=f"{TIMES}16")
    assert opened.page.locator(".tile", has_text="IDFSR (FT)").inner_text().endswith("21.87")
    opened.page.locator(".person summary", has_text="bob").click()
    opened.page.locator(".show-person[data-person=bob]").click()
    assert opened.caption().startswith("bob / t1 (1 of 2)")


def test_figures_open_in_full_size(opened: Opened) -> None:
    opened.page.locator(".enlarge").first.click()
    image = opened.page.locator("#figure-image")
    assert image.is_visible()
    natural, shown = image.evaluate("image => [image.naturalWidth, image.clientWidth]")
    assert natural == shown > 0
    opened.page.keyboard.press("Escape")


def test_page_is_printed_whole(opened: Opened) -> None:
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.page.emulate_media(media="print")
    assert not opened.page.locator("#viewer").is_visible()
    assert not opened.page.locator("nav").is_visible()
    assert opened.page.locator("#trace pre").is_visible()
    assert opened.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_page_without_script_still_reads(browser: Any, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.get_by_role("heading", name=f"Table 1, {TIMES}8").is_visible()
    assert not page.locator("#viewer").is_visible()
    context.close()


def test_run_of_600_images_opens_within_3_s(
    browser: Any, made_run: tuple[Path, PageInputs], tmp_path: Path
) -> None:
    folder, inputs = made_run
    small = copy_run(inputs, folder, tmp_path / "small")
    large = enlarge_run(small, tmp_path / "large", 150, 4)
    path = tmp_path / "large/report/index.html"
    path.write_text(render_page(large, path), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    opened = Opened(page)
    opened.watch()
    start = time.monotonic()
    page.goto(path.as_uri())
    page.wait_for_function(FACES_ARE_SHOWN)
    assert time.monotonic() - start < 3
    assert "(1 of 600)" in opened.caption()
    assert opened.messages == []
    # the image on show and the one after it, no more
    sheets = [url for url in opened.requests if "/faces/" in url]
    assert sorted(url.rsplit("/", 1)[1] for url in sheets) == ["00000.webp", "00001.webp"]
    page.close()
