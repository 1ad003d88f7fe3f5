"""Files that each of the paper's figures reads."""

from collections.abc import Sequence

from idfsr.constants import EXPRESSION_METRICS, OWN_METHODS
from idfsr.run.config import Config
from idfsr.run.families import families_of, families_present, settings_file
from idfsr.run.paths import PAPER_FIGURES
from idfsr.run.plan import Plan


def expression_family(config: Config) -> str | None:
    """Return the family that sees expressions, None if the run measures none."""
    found = {
        metric.name: name
        for name, family in families_of(config).items()
        for metric in family.metrics
        if name in families_present(config)
    }
    return next((found[name] for name in EXPRESSION_METRICS if name in found), None)


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


def figure_files(figure: str, plan: Plan) -> dict[str, str | list[str]]:
    """Return the files that a figure reads, by the name of their argument.

    Args:
        figure: E.g. "fig3".
        plan: Of the run.
    """
    config, made = plan.config, f"results/{plan.config.run}"
    files: dict[str, str | list[str]] = {
        "config": f"{made}/config/figures.json",
        "shards": plan.shards_of_all_scales("test"),
    }
    own = [name for name in OWN_METHODS if name in config.methods]

    def metrics(methods: Sequence[str]) -> list[str]:
        return [
            f"{made}/metrics/x{factor}/{method}.parquet"
            for factor in config.shards.scale_factors
            for method in methods
        ]

    if figure in ("fig1", "fig4"):
        files["restored"] = [
            path for method in config.methods for path in plan.restored_at_all_scales(method)
        ]
        files["metrics"] = metrics(config.methods)
        if config.dataset.kind == "synthref":
            files["truth"] = f"{made}/synthref/ground_truth.parquet"
    if figure == "fig3":
        files["restored"] = plan.restored_at_all_scales(own[-1])
        files["metrics"] = metrics(own)
    if figure in ("fig5", "fig6"):
        largest = max(config.shards.scale_factors)
        files["shards"] = plan.shards("test", largest)
        files["exchanges"] = f"{made}/exchanges/x{largest}.parquet"
    if figure == "fig5":
        files["probes"] = f"{made}/probes/x{largest}.parquet"
        files["images"] = f"{made}/probes/x{largest}-images.parquet"
    return files


def figure_names(plan: Plan) -> list[str]:
    """Return the figures of the paper that a run can make."""
    if not {*OWN_METHODS} & {*plan.config.methods}:
        return []
    return [*PAPER_FIGURES, *(["fig5", "fig6"] if plan.probes() else [])]
