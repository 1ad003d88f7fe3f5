"""What the rules of the paper's figures ask about a run, in their words."""


def paper_figure_files(wildcards):
    """Files that a figure of the paper reads, by the name of their argument."""
    return figures.figure_files(wildcards.paper_figure, plan(wildcards))


def paper_figures(_wildcards):
    """All figures of the paper that the run can make."""
    names = figures.figure_names(plan(SimpleNamespace(run=RUN.run)))
    return [f"results/{RUN.run}/figures/{name}.png" for name in names]


def damage_files(wildcards):
    """Files that the restorations under more damage read, by the name of their argument."""
    return figures.damage_files(plan(wildcards))


def exchange_files(wildcards):
    """Files that the exchanges read, by the name of their argument."""
    return figures.exchange_files(plan(wildcards), int(wildcards.scale_factor))


def expression_options(wildcards):
    """The family of metrics that sees expressions, and its weights."""
    family = figures.expression_family(settings(wildcards))
    if family is None:
        return []
    files = families.family_weights(family, settings(wildcards))
    return ["--family", family, *families.weights_option(family, files)]


def expression_modules(wildcards):
    """The module of that family."""
    family = figures.expression_family(settings(wildcards))
    return [] if family is None else [f"idfsr.metrics.{family}"]


def largest_test_shards(wildcards):
    """All test shards of the largest scale."""
    return plan(wildcards).shards("test", max(settings(wildcards).shards.scale_factors))
