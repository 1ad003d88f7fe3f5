"""Figures that show how trainings went.

Needs: results/<run>/fit/, pretrain/, lr_detector/.
Makes: results/<run>/figures/ fit-curves.png, pretrain-curve.png, lr-detector.png.
"""


rule figure_fit_curves:
    """Show the held-out loss of every fit."""
    input:
        stats=lambda wildcards: plan(wildcards).fit_stats(),
    output:
        figure=report("results/{run}/figures/fit-curves.png", category="Figures"),
    log:
        "logs/{run}/figures/fit_curves.txt",
    benchmark:
        "results/{run}/benchmarks/figures/fit_curves.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=code_digest("idfsr.stages.figure"),
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
        figure=report("results/{run}/figures/pretrain-curve.png", category="Figures"),
    log:
        "logs/{run}/figures/pretrain_curve.txt",
    benchmark:
        "results/{run}/benchmarks/figures/pretrain_curve.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=code_digest("idfsr.stages.figure"),
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
        figure=report("results/{run}/figures/lr-detector.png", category="Figures"),
    log:
        "logs/{run}/figures/lr_detector.txt",
    benchmark:
        "results/{run}/benchmarks/figures/lr_detector.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=code_digest("idfsr.stages.figure"),
    shell:
        r"""
        exec &>{log:q}

        idfsr figure lr-detector \
            --errors {input.errors:q} \
            --figure {output.figure:q}
        """
