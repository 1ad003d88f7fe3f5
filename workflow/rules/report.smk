"""Metrics to tables, figures and the HTML report.

Needs: results/<run>/metrics/, fit/, pretrain/, shards/.
Makes: results/<run>/tables/, figures/, report/index.html.
"""


rule tables:
    """Make Table 1 and Table 2 with intervals over identities."""
    input:
        config="results/{run}/config/tables.json",
        metrics=of_all_scales("results/{run}/metrics/x{scale_factor}/{method}.parquet"),
        set_metrics=of_all_scales(
            "results/{run}/metrics/x{scale_factor}/{method}.set.json"
        ),
        probes=probes,
        weights=trained_weights,
    output:
        table1=report("results/{run}/tables/table1.csv", category="Tables"),
        table2=report("results/{run}/tables/table2.csv", category="Tables"),
        paired=report("results/{run}/tables/paired.csv", category="Tables"),
        conditions=report("results/{run}/tables/conditions.csv", category="Tables"),
        networks=report("results/{run}/tables/networks.csv", category="Tables"),
        markdown="results/{run}/tables/tables.md",
        latex="results/{run}/tables/tables.tex",
    log:
        "logs/{run}/tables.txt",
    benchmark:
        "results/{run}/benchmarks/tables.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.tables", *method_modules(*settings(wildcards).methods)
        ),
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr tables \
            --config {input.config:q} \
            --metrics {input.metrics:q} \
            --set-metrics {input.set_metrics:q} \
            --probes {input.probes:q} \
            --table1 {output.table1:q} \
            --table2 {output.table2:q} \
            --paired {output.paired:q} \
            --conditions {output.conditions:q} \
            --weights {input.weights:q} \
            --networks {output.networks:q} \
            --markdown {output.markdown:q} \
            --latex {output.latex:q}
        """


rule figure_grid:
    """Show restored images beside input, reference and ground truth."""
    input:
        config="results/{run}/config/report.json",
        shards=test_shards,
        restored=restored_of_all_methods,
        metrics=metrics_of_all_methods,
    output:
        figure=report(
            "results/{run}/figures/grid-x{scale_factor}.png", category="Figures"
        ),
    log:
        "logs/{run}/figures/grid-x{scale_factor}.txt",
    benchmark:
        "results/{run}/benchmarks/figures/grid-x{scale_factor}.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.figure", *method_modules(*settings(wildcards).methods)
        ),
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr figure grid \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --restored {input.restored:q} \
            --metrics {input.metrics:q} \
            --figure {output.figure:q}
        """


rule figure_warping:
    """Show the best and the worst warped references."""
    input:
        config="results/{run}/config/report.json",
        shards=test_shards,
    output:
        figure=report(
            "results/{run}/figures/warping-x{scale_factor}.png", category="Figures"
        ),
    log:
        "logs/{run}/figures/warping-x{scale_factor}.txt",
    benchmark:
        "results/{run}/benchmarks/figures/warping-x{scale_factor}.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=code_digest("idfsr.stages.figure"),
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr figure warping \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --figure {output.figure:q}
        """


rule figure_fit_curves:
    """Show the held-out loss of every fit."""
    input:
        stats=fit_stats,
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
        exec &> >(tee {log:q})

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
        exec &> >(tee {log:q})

        idfsr figure pretrain-curve \
            --stats {input.stats:q} \
            --figure {output.figure:q}
        """


rule figure_landmarks:
    """Show faces and landmarks found, and images left out."""
    input:
        config="results/{run}/config/report.json",
        quality="results/{run}/quality.parquet",
        images=rendered_images,
    output:
        figure=report("results/{run}/figures/landmarks.png", category="Figures"),
    log:
        "logs/{run}/figures/landmarks.txt",
    benchmark:
        "results/{run}/benchmarks/figures/landmarks.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=code_digest("idfsr.stages.figure"),
        root=images_root,
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr figure landmarks \
            --config {input.config:q} \
            --quality {input.quality:q} \
            --root {params.root:q} \
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
        exec &> >(tee {log:q})

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
    output:
        figure=report("results/{run}/figures/metrics.png", category="Figures"),
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
        exec &> >(tee {log:q})

        idfsr figure metrics \
            --config {input.config:q} \
            --table1 {input.table1:q} \
            --table2 {input.table2:q} \
            --figure {output.figure:q}
        """


rule report:
    """Make the self-contained HTML page."""
    input:
        config="results/{run}/config/page.json",
        tables=[
            "results/{run}/tables/table1.csv",
            "results/{run}/tables/table2.csv",
            "results/{run}/tables/paired.csv",
            "results/{run}/tables/conditions.csv",
            "results/{run}/tables/networks.csv",
        ],
        figures=figures,
        split_summary="results/{run}/split_summary.tsv",
        paper="config/paper.tsv",
    output:
        report="results/{run}/report/index.html",
    log:
        "logs/{run}/report.txt",
    benchmark:
        "results/{run}/benchmarks/report.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.report", *method_modules(*settings(wildcards).methods)
        ),
        tables_dir=lambda wildcards, input: Path(input.tables[0]).parent,
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr report \
            --run-config {input.config:q} \
            --tables-dir {params.tables_dir:q} \
            --figures {input.figures:q} \
            --split-summary {input.split_summary:q} \
            --paper {input.paper:q} \
            --report {output.report:q}
        """
