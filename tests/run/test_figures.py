from pathlib import Path

from idfsr.config.figures import CountsConfig
from idfsr.config.shards import ShardsConfig
from idfsr.run.config import Config, load_config
from idfsr.run.figures import (
    count_scores,
    damage_files,
    exchange_files,
    expression_family,
    figure_files,
    figure_names,
)
from idfsr.run.plan import Plan

CONFIG = Config(
    run="r",
    methods=("bicubic", "idfsr-pt", "idfsr-mean", "idfsr-ft"),
    shards=ShardsConfig(scale_factors=(16, 8)),
    counts=CountsConfig(num_photographs=(2, 3)),
)
PLAN = Plan(config=CONFIG, pretrain=(("a",),), test=(("b", "c"),))


def test_a_run_makes_what_it_can() -> None:
    names = ["fig1", "fig4", "fig3", "fig5", "fig6", "fig7"]
    assert figure_names(PLAN) == [*names, "robustness", "failures", "confusion", "cost"]
    alone = Plan(config=CONFIG, pretrain=(("a",),), test=(("b",),))
    assert figure_names(alone) == [
        *("fig1", "fig4", "fig3", "fig7"),
        *("failures", "confusion", "cost"),
    ]
    others = Config(run="r", methods=("bicubic",))
    assert figure_names(Plan(config=others, pretrain=(), test=(("b", "c"),))) == []


def test_figures_read_files_that_rules_make() -> None:
    assert len(figure_files("fig4", PLAN)["restored"]) == 4 * 2 * 2
    assert figure_files("fig4", PLAN)["truth"] == "results/r/synthref/ground_truth.parquet"
    third = figure_files("fig3", PLAN)
    assert third["restored"] == [
        f"results/r/restored/x{scale}/idfsr-ft/{name}.parquet" for scale in (16, 8) for name in "bc"
    ]
    assert len(third["metrics"]) == 3 * 2
    assert figure_files("fig5", PLAN)["images"] == "results/r/probes/x16-images.parquet"
    assert figure_files("fig6", PLAN)["exchanges"] == "results/r/exchanges/x16.parquet"
    assert figure_files("fig7", PLAN)["metrics"] == ["results/r/metrics/x16/idfsr-pt.parquet"]
    assert figure_files("robustness", PLAN) == {"damages": "results/r/damages.parquet"}
    assert figure_files("failures", PLAN)["metrics"] == ["results/r/metrics/x16/idfsr-ft.parquet"]
    assert len(figure_files("confusion", PLAN)["metrics"]) == 2
    assert figure_files("cost", PLAN)["costs"][0] == "results/r/costs/bicubic.json"
    assert damage_files(PLAN)["shards"] == ["results/r/shards/x8/test-00000.parquet"]
    assert exchange_files(PLAN, 16)["shards"] == ["results/r/shards/x16/test-00000.parquet"]


def test_scores_of_few_photographs_are_of_the_families_shown() -> None:
    demo = load_config(Path("config/demo.yaml"))
    assert expression_family(demo) == "attributes"
    files = count_scores(demo)
    families = {Path(path).parent.name for path in files}
    assert families == {"psnr", "ssim", "sface", "attributes"}
    assert len(files) == 3 * 4 * 2


def test_fig_7_has_an_overlay() -> None:
    numbers = load_config(Path("config/demo.yaml")).counts.num_photographs
    assert numbers == (2, 3, 4)
    overlay = Path("config/fig7.yaml").read_text()
    assert "num_photographs: [2, 3, 4, 5, 6, 7, 8, 9, 10]" in overlay
