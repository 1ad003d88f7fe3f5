"""Figures that show numbers: how trainings went, and the metrics.

Needs: results/<run>/fit/, pretrain/, lr_detector/, tables/.
Makes: results/<run>/figures/ fit-curves.png, pretrain-curve.png, lr-detector.png, metrics.png.
"""


rule figure_fit_curves:
    """Show the held-out loss of every fit."""
    input:
        stats=lambda wildcards: plan(wildcards).fit_stats(),
    output:
        figure=report(
            "results/{run}/figures/fit-curves.png",
            category="Figures",
            caption="../report/fit-curves.rst",
            labels={"figure": "fits", "scale": "all"},
        ),
    log:
        "logs/{run}/figures/fit_curves.txt",
    benchmark:
        "results/{run}/benchmarks/figures/fit_curves.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.figure"),
    shell:
        r"""
        exec &>{log:q}

        idfsr figure fit-curves \
            --stats {input.stats:q} \
            --figure {output.figure:q}
        """


rule figure_pretrain_curve:
    """Show the loss of the pretraining."""
    input:
        stats="results/{run}/pretrain/stats.jsonl",
    output:
        figure=report(
            "results/{run}/figures/pretrain-curve.png",
            category="Figures",
            caption="../report/pretrain-curve.rst",
            labels={"figure": "pretraining", "scale": "all"},
        ),
    log:
        "logs/{run}/figures/pretrain_curve.txt",
    benchmark:
        "results/{run}/benchmarks/figures/pretrain_curve.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.figure"),
    shell:
        r"""
        exec &>{log:q}

        idfsr figure pretrain-curve \
            --stats {input.stats:q} \
            --figure {output.figure:q}
        """


rule figure_lr_detector:
    """Show the LR detector's errors beside the stock detector's."""
    input:
        errors="results/{run}/lr_detector/errors.csv",
    output:
        figure=report(
            "results/{run}/figures/lr-detector.png",
            category="Figures",
            caption="../report/lr-detector.rst",
            labels={"figure": "landmarks at low resolution", "scale": "all"},
        ),
    log:
        "logs/{run}/figures/lr_detector.txt",
    benchmark:
        "results/{run}/benchmarks/figures/lr_detector.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.figure"),
    shell:
        r"""
        exec &>{log:q}

        idfsr figure lr-detector \
            --errors {input.errors:q} \
            --figure {output.figure:q}
        """


rule figure_metrics:
    """Show every metric with its interval."""
    input:
        config="results/{run}/config/tables.json",
        table1="results/{run}/tables/table1.csv",
        table2="results/{run}/tables/table2.csv",
        leaks="results/{run}/tables/leaks.csv",
    output:
        figure=report(
            "results/{run}/figures/metrics.png",
            category="Figures",
            caption="../report/metrics.rst",
            labels={"figure": "metrics", "scale": "all"},
        ),
    log:
        "logs/{run}/figures/metrics.txt",
    benchmark:
        "results/{run}/benchmarks/figures/metrics.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.figure", *method_modules(*settings(wildcards).methods)
        ),
    shell:
        r"""
        exec &>{log:q}

        idfsr figure metrics \
            --config {input.config:q} \
            --table1 {input.table1:q} \
            --table2 {input.table2:q} \
            --leaks {input.leaks:q} \
            --figure {output.figure:q}
        """
