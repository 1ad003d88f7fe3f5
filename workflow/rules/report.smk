"""Metrics to tables, and these with the figures to the HTML report.

Needs: results/<run>/metrics/, probes/, figures/, split.tsv, and report/ as far as gather.smk makes it.
Makes: results/<run>/tables/, figures/metrics.png, report/index.html.
"""


rule leaks:
    """Say which judges know what they judge."""
    input:
        config="results/{run}/config/leaks.json",
        lists=["config/weights.yaml", "idfsr/weights/weights.yaml"],
    output:
        judges=report("results/{run}/tables/judges.csv", category="Tables"),
        leaks=report("results/{run}/tables/leaks.csv", category="Tables"),
    log:
        "logs/{run}/leaks.txt",
    benchmark:
        "results/{run}/benchmarks/leaks.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: families.families_code(
            "leaks", *families.families_of(settings(wildcards))
        ),
        methods=lambda wildcards: code_digest(
            *method_modules(*settings(wildcards).methods)
        ),
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr leaks \
            --config {input.config:q} \
            --judges {output.judges:q} \
            --leaks {output.leaks:q}
        """


rule tables:
    """Make Table 1 and Table 2 with intervals over identities."""
    input:
        config="results/{run}/config/tables.json",
        metrics=of_all_scales("results/{run}/metrics/x{scale_factor}/{method}.parquet"),
        set_metrics=of_all_scales(
            "results/{run}/metrics/x{scale_factor}/{method}.set.json"
        ),
        probes=lambda wildcards: plan(wildcards).probes(),
        leaks="results/{run}/tables/leaks.csv",
        weights=lambda wildcards: inputs.trained_weights(settings(wildcards)),
        files=lambda wildcards: inputs.used_weights(settings(wildcards)),
    output:
        table1=report("results/{run}/tables/table1.csv", category="Tables"),
        table2=report("results/{run}/tables/table2.csv", category="Tables"),
        paired=report("results/{run}/tables/paired.csv", category="Tables"),
        copying=report("results/{run}/tables/copying.csv", category="Tables"),
        recognisers=report("results/{run}/tables/recognisers.csv", category="Tables"),
        conditions=report("results/{run}/tables/conditions.csv", category="Tables"),
        networks=report("results/{run}/tables/networks.csv", category="Tables"),
        files=report("results/{run}/tables/files.csv", category="Tables"),
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
        lists=lambda wildcards: settings(wildcards).weights.baselines,
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
            --copying {output.copying:q} \
            --recognisers {output.recognisers:q} \
            --conditions {output.conditions:q} \
            --weights {input.weights:q} \
            --networks {output.networks:q} \
            --leaks {input.leaks:q} \
            --files {input.files:q} \
            --lists {params.lists:q} config/weights.yaml \
            --files-table {output.files:q} \
            --markdown {output.markdown:q} \
            --latex {output.latex:q}
        """


rule figure_metrics:
    """Show every metric with its interval."""
    input:
        config="results/{run}/config/tables.json",
        table1="results/{run}/tables/table1.csv",
        table2="results/{run}/tables/table2.csv",
        leaks="results/{run}/tables/leaks.csv",
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
            --leaks {input.leaks:q} \
            --figure {output.figure:q}
        """


rule report:
    """Make the HTML page."""
    input:
        config="results/{run}/config/page.json",
        tables=[
            "results/{run}/tables/table1.csv",
            "results/{run}/tables/table2.csv",
            "results/{run}/tables/paired.csv",
            "results/{run}/tables/copying.csv",
            "results/{run}/tables/recognisers.csv",
            "results/{run}/tables/judges.csv",
            "results/{run}/tables/leaks.csv",
            "results/{run}/tables/conditions.csv",
            "results/{run}/tables/networks.csv",
            "results/{run}/tables/files.csv",
        ],
        metrics=of_all_scales("results/{run}/metrics/x{scale_factor}/{method}.parquet"),
        figures=lambda wildcards: paths.figures(settings(wildcards)),
        faces=lambda wildcards: paths.faces(settings(wildcards)),
        people="results/{run}/report/people",
        facts="results/{run}/report/facts.json",
        split="results/{run}/split.tsv",
        split_summary="results/{run}/split_summary.tsv",
        paper="config/paper.tsv",
    output:
        report=report(
            "results/{run}/report/index.html",
            category="Page",
            caption="../report/page.rst",
            labels={"what": "everything on one page"},
        ),
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
            --metrics {input.metrics:q} \
            --figures {input.figures:q} \
            --faces {input.faces:q} \
            --people {input.people:q} \
            --facts {input.facts:q} \
            --split {input.split:q} \
            --split-summary {input.split_summary:q} \
            --paper {input.paper:q} \
            --report {output.report:q}
        """
