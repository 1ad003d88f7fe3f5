"""`idfsr report` from files to one page, and what the report may import."""

import subprocess
import sys
from pathlib import Path

from idfsr.main import main
from idfsr.run.config import stage_json
from tests.report.made_run import CONFIG, make_run


def test_report(tmp_path: Path) -> None:
    inputs = make_run(tmp_path)
    settings = tmp_path / "page.json"
    settings.write_text(stage_json(CONFIG, "page"))
    page = tmp_path / "report/index.html"
    main(
        [
            "report", "--run-config", str(settings), "--tables-dir", str(inputs.tables_dir),
            "--metrics", *map(str, inputs.metrics), "--figures", *map(str, inputs.figures),
            "--faces", *map(str, inputs.faces), "--people", str(inputs.people),
            "--facts", str(inputs.facts), "--split", str(inputs.split),
            "--split-summary", str(inputs.split_summary),
            "--paper", "config/paper.tsv", "--report", str(page),
        ]
    )  # fmt: skip
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert "A &lt;curve&gt;" in text
    assert "kind: synthref" in text


def test_report_does_not_import_torch() -> None:
    modules = sorted(path.stem for path in Path("idfsr/report").glob("*.py"))
    code = "; ".join(f"import idfsr.report.{name}" for name in modules if name != "__init__")
    code += "; import sys, idfsr.stages.tables, idfsr.stages.figure, idfsr.stages.gather"
    code += "; import idfsr.stages.report; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
