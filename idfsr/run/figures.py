"""Files that each of the paper's figures reads."""

from collections.abc import Sequence

from idfsr.run.config import Config
from idfsr.run.paths import PAPER_FIGURES, own_methods
from idfsr.run.plan import Plan


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
    own = own_methods(config.methods)

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
    return files


def figure_names(config: Config) -> list[str]:
    """Return the figures of the paper that a run can make, in the paper's order."""
    return sorted(PAPER_FIGURES) if own_methods(config.methods) else []
