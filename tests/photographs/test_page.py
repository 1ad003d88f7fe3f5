"""`idfsr ui` in Debian's Chromium, with the embedded networks and photographs of real people.

The command runs in a process of its own: gradio leaves sockets and loops to the end of it.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idfsr.photographs.marks import COMPOSITE, read_source_type
from idfsr.photographs.page import EVERYBODY, FORCE, NO_HELP

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.slow
ALBUM_SAYS = "What was taken and left, and where restoring helps"
FACES_SAY = "What was decided about each face"
SECONDS = 300
"""That a fit may take on a busy machine."""


@pytest.fixture(scope="module")
def people() -> Path:
    test_data = os.environ.get("IDFSR_TEST_DATA")
    if test_data is None:
        pytest.skip("IDFSR_TEST_DATA is not set: no real photographs")
    return Path(test_data) / "real-faces"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the command serves the page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "idfsr.main", "ui", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(f"http://127.0.0.1:{port}"), line
        again = subprocess.run(command, capture_output=True, text=True, check=False)
        assert again.returncode == 2
        assert re.search(rf"idfsr ui: error: --port: .*{port}", again.stderr)
        yield line.split()[0]
        process.terminate()


def said(page: Any, label: str, wanted: str) -> str:
    """Wait for words in a text box, and return all that it says."""
    box = page.get_by_label(label)
    sync_api.expect(box).to_have_value(re.compile(wanted), timeout=1000 * SECONDS)
    text: str = box.input_value()
    return text


def use(page: Any, people: Path, note: Path, result: Path) -> None:
    """Fit a person, try a stranger, insist, and download what comes out."""
    page.get_by_role("button", name="Restore", exact=True).wait_for()
    album = [people / "00003/0.jpg", people / "00003/1.jpg", note]
    page.locator("input[type=file]").first.set_input_files(album)
    page.get_by_text("note").first.wait_for()
    page.get_by_role("button", name="Fit", exact=True).click()
    text = said(page, ALBUM_SAYS, "PSNR")
    assert "0-0.jpg: taken" in text
    assert "2-note.jpg: left out: not an image" in text
    assert NO_HELP in text
    page.locator("input[type=file]").last.set_input_files(people / "00002/2.jpg")
    page.get_by_text("2.jpg").first.wait_for()
    page.get_by_role("button", name="Restore", exact=True).click()
    assert "for whom a likeness of 0.4 is wanted" in said(page, FACES_SAY, "left alone")
    for wish in (EVERYBODY, FORCE):
        page.get_by_label(wish).check()
    page.get_by_role("button", name="Restore", exact=True).click()
    said(page, FACES_SAY, "restored x4")
    with page.expect_download() as download:
        page.locator("a[download]").last.click()
    download.value.save_as(result)


def test_photographs_in_and_a_slider_out(
    chromium: str, address: str, people: Path, tmp_path: Path
) -> None:
    """Nothing is asked of any other machine, and what comes out is marked."""
    note, result = tmp_path / "note.jpg", tmp_path / "result.png"
    note.write_text("no photograph")
    requests: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_default_timeout(1000 * SECONDS)
        page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        use(page, people, note, result)
        before, after = page.locator("img.preview").evaluate_all(
            "images => images.map((image) => [image.src, image.naturalWidth])"
        )
        assert before[0] != after[0]
        assert before[1] == after[1] > 1000
        if folder := os.environ.get("IDFSR_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/ui.png", full_page=True)
        browser.close()
    assert read_source_type(result) == COMPOSITE
    assert all(url.startswith((address, "data:", "blob:")) for url in requests), requests
