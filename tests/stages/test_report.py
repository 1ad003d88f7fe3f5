"""`idfsr report` from files to one page, and what the report may import."""

import subprocess
import sys
from pathlib import Path

from matplotlib.figure import Figure

from idfsr.config.metrics import MetricsConfig
from idfsr.main import main
from idfsr.report.conditions import summarise_probes
from idfsr.report.style import write_figure
from idfsr.report.tables import write_csv
from idfsr.run.config import load_config, stage_json

HEADER = "method,scale_factor,num_images,num_identities"
TABLE1 = MetricsConfig().table1
TABLE2 = (
    "idv_sface", "acc_gender_embedded", "acc_expression_embedded",
    "age_diff_embedded_mean", "age_diff_embedded_std",
)  # fmt: skip


def test_report(tmp_path: Path) -> None:
    for name, columns in (("table1", TABLE1), ("table2", TABLE2)):
        rows = [
            f"{method},{scale_factor},4,2{',0.5' * len(columns)},abc"
            for scale_factor in (8, 16)
            for method in ("bicubic", "idfsr-ft")
        ]
        head = f"{HEADER},{','.join(columns)},model_digest"
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *rows]) + "\n")
    (tmp_path / "paired.csv").write_text(
        "method_a,method_b,scale_factor,metric,difference,lo,hi,num_identities\n"
        "idfsr-ft,bicubic,8,psnr,1.5,1,2,2\n"
    )
    write_csv(summarise_probes([], 10), tmp_path / "conditions.csv")
    (tmp_path / "files.csv").write_text("file,size,sha256,standing\n")
    (tmp_path / "networks.csv").write_text(
        "title,num_parameters,images_seen,minutes\nA prior,2078374,60000,45.4\n"
    )
    summary = tmp_path / "split_summary.tsv"
    summary.write_text("part\treason\tnum_identities\tnum_images\ntest\t\t2\t4\n")
    figures = [tmp_path / f"{name}.png" for name in ("second", "first")]
    for path in figures:
        figure = Figure(figsize=(2, 1))
        figure.subplots().plot([0, 1])
        write_figure(figure, path, f"Title {path.stem}", "Caption.")
    page = tmp_path / "report/index.html"
    settings = tmp_path / "page.json"
    settings.write_text(stage_json(load_config(Path("config/demo.yaml")), "page"))
    main(
        [
            "report", "--run-config", str(settings), "--tables-dir", str(tmp_path),
            "--figures", *map(str, figures), "--split-summary", str(summary),
            "--paper", "config/paper.tsv", "--report", str(page),
        ]
    )  # fmt: skip
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert text.index("Title second") < text.index("Title first")
    assert '<span class="better">+1.50</span>' in text
    assert "kind: synthref" in text


def test_report_does_not_import_torch() -> None:
    modules = sorted(path.stem for path in Path("idfsr/report").glob("*.py"))
    code = "; ".join(f"import idfsr.report.{name}" for name in modules if name != "__init__")
    code += "; import sys, idfsr.stages.tables, idfsr.stages.figure, idfsr.stages.report"
    code += "; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
