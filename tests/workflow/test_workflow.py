"""The workflow as its users drive it: lint, dry run, a whole tiny run, and what reruns when."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from idfsr.io.provenance import module_closure, module_path

from .conftest import TINY
from .project import ROOT, copy_sources, run_snakemake

METHODS = ("bicubic", "codeformer", "idfsr-ft", "idfsr-mean", "idfsr-pt")


def planned_rules(directory: Path, *arguments: str) -> set[str]:
    """Names of the rules that a dry run would run."""
    result = run_snakemake(directory, "--dry-run", *TINY, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return set(re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+):", result.stdout, re.MULTILINE))


def test_rules_are_lint_clean() -> None:
    result = run_snakemake(ROOT, "--lint")
    assert result.returncode == 0, result.stdout + result.stderr


def test_formatted() -> None:
    subprocess.run(["snakefmt", "--check", "Snakefile", "workflow"], cwd=ROOT, check=True)


@pytest.mark.parametrize("config", ["demo", "embedded"])
def test_dry_run_of_a_shipped_config(config: str) -> None:
    result = run_snakemake(ROOT, "--dry-run", "--configfile", f"config/{config}.yaml")
    assert result.returncode == 0, result.stdout + result.stderr


def test_landmarks_of_rendered_people_wait_for_no_network_that_is_trained_on_them() -> None:
    """The ID encoder of the recipes is trained on crops, and these are cut out at the landmarks."""
    landmarks = "results/embedded/landmarks/shard-00000.parquet"
    result = run_snakemake(
        ROOT, "--dry-run", "--configfile", "config/embedded.yaml", "--", landmarks
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "rule landmarks:" in result.stdout
    assert "rule train:" not in result.stdout


def test_unknown_key_fails_before_any_job() -> None:
    result = run_snakemake(ROOT, "--dry-run", "--config", "fti=1")
    assert result.returncode != 0
    assert "fti: Unexpected keyword argument" in result.stdout + result.stderr


def test_missing_images_and_weights_are_named_before_any_job(tmp_path: Path) -> None:
    copy_sources(tmp_path)
    result = run_snakemake(tmp_path, "--dry-run", "--profile", "slurm")
    assert result.returncode != 0
    lines = (result.stdout + result.stderr).splitlines()
    folder = "data/CelebRef-HQ/CelebHQRefForRelease"
    assert f"{folder}: no such folder, wanted images (dataset.root)" in lines
    file = "weights/models/buffalo_l/w600k_r50.onnx"
    named = [line for line in lines if line.startswith(f"{file}: no such file, wanted weights")]
    assert len(named) == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert sum("deepface_models" in line for line in lines) == 5  # of metrics, a line each


def test_missing_weights_fail_before_any_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDFSR_WEIGHTS", "nowhere")
    published = "weights={baselines: config/weights.yaml}"
    result = run_snakemake(ROOT, "--dry-run", "--config", "methods=[bicubic,dr2]", published)
    assert result.returncode != 0
    output = (result.stdout + result.stderr).splitlines()
    lines = [line for line in output if line.startswith("nowhere/") and " dr2, " in line]
    assert [line.split(":")[0].rsplit("/", 1)[1] for line in lines] == [
        "DR2_FFHQ.pkl", "SPARNetHD_FFHQ_DR2aug.pth",
    ]  # fmt: skip


def test_snakefile_does_not_import_the_heavy_libraries(tmp_path: Path) -> None:
    copy_sources(tmp_path)  # without results, whose tables the Snakefile would read
    result = subprocess.run(
        ["python", "-X", "importtime", "-m", "snakemake", "--dry-run", "--quiet", "all"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(re.findall(r"\| +(\w+)$", result.stderr, re.MULTILINE))
    assert "pydantic" in imported
    assert not imported & {"torch", "matplotlib", "cv2"}


def test_snakefile_does_not_import_pandas() -> None:
    # The Slurm executor does, in every run of Snakemake, so that it cannot be seen from outside.
    files = [ROOT / "workflow/Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    text = "\n".join(path.read_text() for path in files)
    imported = set(re.findall(r"^(?:from|import) ([\w.]+)", text, re.MULTILINE))
    for module in [name for name in imported if name.startswith("idfsr")]:
        for name in module_closure(module):
            path = module_path(name)
            assert path is not None
            imported |= set(
                re.findall(r"^(?:from|import) ([\w.]+)", path.read_text(), re.MULTILINE)
            )
    assert "idfsr.dataset.sharding" in imported
    assert not {name.split(".")[0] for name in imported} & {"pandas", "torch"}


@pytest.fixture(scope="module")
def finished(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the tiny run has ended; the tests of this file change it."""
    directory = tmp_path_factory.mktemp("finished") / "project"
    return shutil.copytree(tiny_run, directory, symlinks=True)


@pytest.mark.slow
def test_whole_run_makes_the_tables(finished: Path) -> None:
    table = pd.read_csv(finished / "results/tiny/tables/table1.csv")
    assert sorted(zip(table["method"], table["scale_factor"], strict=True)) == [
        (method, scale) for method in METHODS for scale in (8, 16)
    ]
    split = pd.read_csv(finished / "results/tiny/split.tsv", sep="\t")
    assert set(table["num_images"]) == {int((split["part"] == "test").sum())}
    assert set(table["num_identities"]) == {2}
    page = (finished / "results/tiny/report/index.html").read_text()
    assert "data:image/png;base64," in page
    assert "data:image/webp;base64," in page


@pytest.mark.slow
def test_whole_run_shows_a_line_for_each_stage_and_its_main_numbers(tiny_run: Path) -> None:
    lines = (tiny_run / "shown.txt").read_text().splitlines()
    assert len(lines) <= 60
    shown = [match[1] for line in lines if (match := re.match(r" +\d+:\d\d  (\w+) ", line))]
    benchmarks = (tiny_run / "results/tiny/benchmarks").rglob("*.tsv")
    assert 20 < len(shown) == len(set(shown)) < len(list(benchmarks))
    # which judges know what they judge waits for nothing
    assert shown.index("leaks") < shown.index("tables")
    shown.remove("leaks")
    assert shown[0] == "synthref"
    assert shown[-1] == "report"
    table = pd.read_csv(tiny_run / "results/tiny/tables/table1.csv")
    of_fit = table[(table["method"] == "idfsr-ft") & (table["scale_factor"] == 8)]
    start = lines.index(next(line for line in lines if line.startswith("x8, 5 images of 2 people")))
    assert lines[start + 1].split()[:4] == ["PSNR", "(dB)", "↑", f"{of_fit['psnr'].item():.2f}"]
    assert "Report: results/tiny/report/index.html" in lines
    assert not any("idfsr restore-people" in line or "img/s" in line for line in lines)


@pytest.mark.slow
def test_whole_run_at_the_least_and_the_largest_scale(tiny_run: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(tiny_run, tmp_path / "project", symlinks=True)
    settings = (
        "shards={scale_factors: [4, 32], image_size: 64, num_references: 2}",
        "restore={num_references: 2}",
        "model={image_size: 64, attention_resolutions: [32]}",
        "methods=[bicubic, idfsr-pt, idfsr-ft]",
    )
    result = run_snakemake(directory, *TINY, "--config", *settings)
    assert result.returncode == 0, result.stdout + result.stderr
    table = pd.read_csv(directory / "results/tiny/tables/table1.csv")
    table = table.set_index(["method", "scale_factor"])
    methods = ("bicubic", "idfsr-ft", "idfsr-pt")
    assert sorted(table.index) == [(method, scale) for method in methods for scale in (4, 32)]
    psnr = table["psnr"]
    assert psnr["bicubic", 4] > psnr["bicubic", 32] + 3
    assert (psnr.groupby("method").nunique() == 2).all()
    # each person is fitted at each scale; the copied run has those of other scales too
    embeddings = [
        path.read_bytes()
        for scale in (4, 32)
        for path in directory.glob(f"results/tiny/fit/x{scale}/*/*.safetensors")
    ]
    assert len(embeddings) == len(set(embeddings)) == table["num_identities"]["idfsr-ft"].sum()


@pytest.mark.slow
def test_other_settings_of_the_tables_rerun_the_tables(finished: Path) -> None:
    rules = planned_rules(finished, "--config", "metrics={num_bootstrap: 60}")
    remade = {"leaks", "tables", "figure_metrics", "gather_facts", "report"}
    assert rules - {"all", "stage_settings"} == remade


@pytest.mark.slow
def test_images_restored_elsewhere_are_a_method_like_any_other(finished: Path) -> None:
    export = ["idfsr", "export", "tiny", "--out", "exchange"]
    environment = os.environ | {"PYTHONPATH": str(finished)}
    subprocess.run(export, cwd=finished, env=environment, check=True)
    folder = finished / "exchange/restored/idfsr-ft"
    lost = min(folder.glob("x8/*/*.png"))
    lost.unlink()
    methods = "{name: mine, folder: exchange/restored/idfsr-ft}"
    settings = ("--config", f"methods=[bicubic, idfsr-ft, {methods}]")
    target = "results/tiny/metrics/x8/mine.parquet"
    result = run_snakemake(finished, *TINY, *settings, "--", target)
    assert result.returncode == 0, result.stdout + result.stderr
    values = ["identity", "image", "psnr", "ids_sface"]
    theirs = pd.read_parquet(finished / target)[values]
    ours = pd.read_parquet(finished / "results/tiny/metrics/x8/idfsr-ft.parquet")[values]
    is_lost = (ours["identity"] == lost.parent.name) & (ours["image"] == lost.stem)
    assert is_lost.sum() == 1
    pd.testing.assert_frame_equal(theirs, ours[~is_lost].reset_index(drop=True))
    restored = pd.read_parquet(
        finished / f"results/tiny/restored/x8/mine/{lost.parent.name}.parquet"
    )
    assert restored["problem"].tolist().count("no image in the folder") == 1
    # another image makes these jobs run again, and no others
    again = planned_rules(finished, *settings, "--", target)
    assert again == set()
    shutil.copy(next(folder.glob("x16/*/*.png")), lost)
    again = planned_rules(finished, *settings, "--", target)
    assert again == {"restore_batch", "scores", "metrics"}


@pytest.mark.slow
def test_snakemakes_report_has_every_table_and_figure(finished: Path) -> None:
    result = run_snakemake(finished, *TINY, "--report", "report.html")
    assert result.returncode == 0, result.stdout + result.stderr
    report = (finished / "report.html").read_text()
    figures = [path.name for path in (finished / "results/tiny/figures").glob("*.png")]
    assert len(figures) > 10
    for name in (*figures, "table1.csv", "table2.csv", "paired.csv", "index.html"):
        assert f"/{name}" in report, name
    for words in ("as each method restores them", "warped references", "Table 1", "weight files"):
        assert words in report


def redo(directory: Path, target: str, *settings: str) -> None:
    """Remove a file and name it to Snakemake."""
    (directory / target).unlink()
    result = run_snakemake(directory, *TINY, *settings, "--", target)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
def test_all_figures_of_the_paper_are_one_target(finished: Path) -> None:
    result = run_snakemake(finished, *TINY, "--", "figures")
    assert result.returncode == 0, result.stdout + result.stderr
    for number in (1, 3, 4, 5, 6, 7):
        figure = finished / f"results/tiny/figures/fig{number}.png"
        with Image.open(figure) as image:
            assert min(image.size) > 300
            assert image.info["Title"].startswith(f"Fig. {number}")
        assert b"</svg>" in figure.with_suffix(".svg").read_bytes()
        table = pd.read_csv(figure.with_suffix(".csv"))
        assert len(table) > 1
        assert table.select_dtypes("number").notna().any().any()
    for name in ("robustness", "failures", "confusion", "cost"):
        figure = finished / f"results/tiny/figures/{name}.png"
        assert b"</svg>" in figure.with_suffix(".svg").read_bytes()
        assert len(pd.read_csv(figure.with_suffix(".csv"))) > 1
    assert planned_rules(finished) == set()


@pytest.mark.slow
def test_one_person_is_redone_by_naming_a_file(finished: Path) -> None:
    """The batch looks at its people again, finds them current, and its list stays what it was."""
    path = next((finished / "results/tiny/fit/x16").glob("*/embedding.safetensors"))
    before, target = path.read_bytes(), str(path.relative_to(finished))
    redo(finished, target)
    assert path.read_bytes() == before
    assert "fit_batch" in planned_rules(finished)
    fits = "results/tiny/fit/x16/batch-00000.tsv"
    before = (finished / fits).read_bytes()
    result = run_snakemake(finished, *TINY, "--", fits)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (finished / fits).read_bytes() == before
    log = (finished / "logs/tiny/fit/x16/batch-00000.txt").read_text()
    assert log.count("is current") == 2
    assert planned_rules(finished) == set()


@pytest.mark.slow
def test_one_person_is_redone_where_each_has_a_job(finished: Path) -> None:
    path = next((finished / "results/tiny/restored/x16/bicubic").glob("*.parquet"))
    before, target = path.read_bytes(), str(path.relative_to(finished))
    redo(finished, target, "--config", "identities_per_job=1")
    assert path.read_bytes() == before


@pytest.mark.slow
def test_methods_have_their_own_settings(finished: Path) -> None:
    target = "results/tiny/restored/x8/codeformer/batch-00000.tsv"
    settings = ("--config", "method_settings={codeformer: {w: 0.75}}")
    result = run_snakemake(
        finished, "--dry-run", "--printshellcmds", *TINY, *settings, "--", target
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "--config results/tiny/config/restore-codeformer.json" in result.stdout
    assert '"w": 0.75' in result.stdout
