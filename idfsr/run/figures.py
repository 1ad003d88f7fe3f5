"""Files that each of the paper's figures reads, and each of those beyond it."""

from collections.abc import Sequence
from typing import Final

from idfsr.constants import EXPRESSION_METRICS, FEW_PHOTOGRAPHS, OWN_METHODS, SCORE_GROUPS
from idfsr.run.config import Config
from idfsr.run.families import families_of, families_present, settings_file
from idfsr.run.paths import PAPER_FIGURES
from idfsr.run.plan import Plan

ANALYSES: Final = ("robustness", "failures", "confusion", "cost")
"""Figures that the paper has not."""


def expression_family(config: Config) -> str | None:
    """Return the family that sees expressions, None if the run measures none."""
    found = {
        metric.name: name
        for name, family in families_of(config).items()
        for metric in family.metrics
        if name in families_present(config)
    }
    return next((found[name] for name in EXPRESSION_METRICS if name in found), None)


def sees_attributes(config: Config) -> bool:
    """Say whether a run measures an attribute in words."""
    found = families_of(config)
    return any(
        metric.name.startswith("acc_")
        for name in families_present(config)
        for metric in found[name].metrics
    )


def damage_files(plan: Plan) -> dict[str, str | list[str]]:
    """Return the files that the restorations under more damage read, by their argument."""
    made, smallest = f"results/{plan.config.run}", min(plan.config.shards.scale_factors)
    return {
        "config": f"{made}/config/damages.json",
        "shards": plan.shards("test", smallest),
        "model": f"{made}/pretrain/model.safetensors",
        "embeddings": plan.embeddings(smallest),
        "lr_detector": f"{made}/lr_detector/model.safetensors",
    }


def exchange_files(plan: Plan, scale_factor: int) -> dict[str, str | list[str]]:
    """Return the files that the exchanges read, by the name of their argument."""
    config, made = plan.config, f"results/{plan.config.run}"
    family = expression_family(config)
    files: dict[str, str | list[str]] = {
        "config": f"{made}/config/probes.json",
        "shards": plan.shards("test", scale_factor),
        "model": f"{made}/pretrain/model.safetensors",
        "embeddings": plan.embeddings(scale_factor),
    }
    if family is not None:
        files["family_config"] = settings_file(family, config.run)
    return files


def count_scores(config: Config) -> list[str]:
    """Return the scores of what a few photographs gave, of the families that Fig. 7 shows."""
    wanted = {name for group in SCORE_GROUPS.values() for name in group}
    names = [
        name
        for name in families_present(config)
        if wanted & {metric.name for metric in families_of(config)[name].metrics}
    ]
    return [
        f"results/{config.run}/counts/{number}/{family}/{method}.parquet"
        for number in config.counts.num_photographs
        for family in names
        for method in FEW_PHOTOGRAPHS
    ]


def _analysis_files(figure: str, plan: Plan) -> dict[str, str | list[str]]:
    """Return the files that one of `ANALYSES` reads."""
    config, made = plan.config, f"results/{plan.config.run}"
    last = [name for name in OWN_METHODS if name in config.methods][-1]
    largest = max(config.shards.scale_factors)
    files: dict[str, dict[str, str | list[str]]] = {
        "robustness": {"damages": f"{made}/damages.parquet"},
        "failures": {
            "config": f"{made}/config/figures.json",
            "shards": plan.shards("test", largest),
            "restored": plan.restored(largest, [last]),
            "metrics": [f"{made}/metrics/x{largest}/{last}.parquet"],
        },
        "confusion": {
            "metrics": [
                f"{made}/metrics/x{factor}/{last}.parquet" for factor in config.shards.scale_factors
            ]
        },
        "cost": {"costs": [f"{made}/costs/{method}.json" for method in config.methods]},
    }
    return files[figure]


def figure_files(figure: str, plan: Plan) -> dict[str, str | list[str]]:
    """Return the files that a figure reads, by the name of their argument.

    Args:
        figure: E.g. "fig3".
        plan: Of the run.
    """
    if figure in ANALYSES:
        return _analysis_files(figure, plan)
    config, made = plan.config, f"results/{plan.config.run}"
    own = [name for name in OWN_METHODS if name in config.methods]
    largest = max(config.shards.scale_factors)

    def metrics(methods: Sequence[str], factors: Sequence[int]) -> list[str]:
        return [
            f"{made}/metrics/x{factor}/{method}.parquet" for factor in factors for method in methods
        ]

    files: dict[str, str | list[str]] = {}
    if figure in ("fig1", "fig3", "fig4"):
        shown = own if figure == "fig3" else config.methods
        restored = own[-1:] if figure == "fig3" else config.methods
        files["config"] = f"{made}/config/figures.json"
        files["shards"] = plan.shards_of_all_scales("test")
        files["restored"] = [
            path for method in restored for path in plan.restored_at_all_scales(method)
        ]
        files["metrics"] = metrics(shown, config.shards.scale_factors)
    if figure in ("fig1", "fig4") and config.dataset.kind == "synthref":
        files["truth"] = f"{made}/synthref/ground_truth.parquet"
    if figure in ("fig5", "fig6"):
        files["shards"] = plan.shards("test", largest)
        files["exchanges"] = f"{made}/exchanges/x{largest}.parquet"
    if figure == "fig5":
        files["probes"] = f"{made}/probes/x{largest}.parquet"
        files["images"] = f"{made}/probes/x{largest}-images.parquet"
    if figure == "fig7":
        files["scores"] = count_scores(config)
        files["metrics"] = metrics([name for name in own if name not in FEW_PHOTOGRAPHS], [largest])
    return files


def figure_names(plan: Plan) -> list[str]:
    """Return the figures of the paper that a run can make."""
    if not {*OWN_METHODS} & {*plan.config.methods}:
        return []
    return [
        *PAPER_FIGURES,
        *(["fig5", "fig6"] if plan.probes() else []),
        *(["fig7"] if plan.config.counts.num_photographs else []),
        *(["robustness"] if plan.probes() else []),
        "failures",
        *(["confusion"] if sees_attributes(plan.config) else []),
        "cost",
    ]
