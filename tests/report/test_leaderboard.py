"""Several runs on one page."""

import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest

from idfsr.io.tables import write_table, write_tsv
from idfsr.main import main
from idfsr.report.page import PageInputs
from idfsr.run.config import stage_json

from .made_run import CONFIG, IMAGES, PEOPLE, copy_run


def finish(
    inputs: PageInputs, folder: Path, name: str, *, salt: str = "", num_steps: int = 3
) -> None:
    """Copy a made run to results/<name>, with the files that a leaderboard reads beside the page's.

    Args:
        inputs: Of the made run.
        folder: Of the results.
        name: Of the run.
        salt: Makes its photographs others.
        num_steps: Of its fits.
    """
    copy_run(inputs, inputs.tables_dir.parent, folder / name)
    run = folder / name
    config = dataclasses.replace(
        CONFIG, run=name, fit=dataclasses.replace(CONFIG.fit, num_steps=num_steps)
    )
    (run / "config").mkdir(exist_ok=True)
    (run / "config/page.json").write_text(stage_json(config, "page"))
    rows = [(person, image) for person in PEOPLE for image in IMAGES]
    table = pd.DataFrame(rows, columns=["identity", "image"])
    write_tsv(table.assign(part="test", reason=""), run / "split.tsv")
    sha256 = [f"{person}{image}{salt}" for person, image in rows]
    write_table(table.assign(sha256=sha256), run / "manifest.parquet")


@pytest.fixture
def page(inputs: PageInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of three runs, the last on other photographs."""
    results = tmp_path / "cwd/results"
    finish(inputs, results, "one")
    finish(inputs, results, "two", num_steps=9)
    finish(inputs, results, "far", salt="x")
    monkeypatch.chdir(tmp_path / "cwd")
    main(["leaderboard", "one", "two", "far"])
    return (results / "leaderboard.html").read_text()


def test_runs_of_one_task_share_a_table_and_others_do_not(page: str) -> None:
    tables = re.findall(r'<h4 id="(group\d-table1-x8)">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    rows = {anchor: re.findall(r"</span>([^<]+)</th>", body) for anchor, body in tables}
    assert set(rows) == {"group1-table1-x8", "group2-table1-x8"}
    labels = ["Bicubic", "CodeFormer", "IDFSR (PT)", "IDFSR (FT)"]
    assert rows["group1-table1-x8"] == [
        *(f"{label}, one" for label in labels), *(f"{label}, two" for label in labels)
    ]  # fmt: skip
    assert rows["group2-table1-x8"] == [f"{label}, far" for label in labels]
    assert page.count('class="ours"') == 3 * 2 * 2  # runs, scales, tables


def test_it_links_to_the_reports_and_needs_nothing_else(page: str) -> None:
    links = re.findall(r'href="([^"#]+)"', page)
    assert links == [f"{name}/report/index.html" for name in ("one", "two", "far")]
    assert "src=" not in page
    anchors = re.findall(r'id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)
    assert "Rendered people" in page


def test_a_run_that_is_none_is_one_line(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["leaderboard", "one", "none"])
    assert caught.value.code == 2
    assert "results/none: found no report, wanted the name of a finished run" in (
        capsys.readouterr().err
    )
    assert Path("results/leaderboard.html").read_text() == page
