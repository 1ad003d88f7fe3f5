"""Metrics to tables, and these with the figures to the HTML report.

Needs: results/<run>/metrics/, probes/, figures/, split.tsv, and report/ as far as gather.smk makes it.
Makes: results/<run>/tables/, report/index.html.
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
        weights=lambda wildcards: inputs.trained_weights(settings(wildcards)),
        files=lambda wildcards: inputs.used_weights(settings(wildcards)),
        ground_truth=rendered_truth,
    output:
        table1=report(
            "results/{run}/tables/table1.csv",
            category="Tables",
            caption="../report/table1.rst",
            labels={"table": "Table 1"},
        ),
        table2=report(
            "results/{run}/tables/table2.csv",
            category="Tables",
            caption="../report/table2.rst",
            labels={"table": "Table 2"},
        ),
        paired=report(
            "results/{run}/tables/paired.csv",
            category="Tables",
            caption="../report/paired.rst",
            labels={"table": "differences of methods"},
        ),
        groups=report(
            "results/{run}/tables/groups.csv",
            category="Tables",
            caption="../report/groups.rst",
            labels={"table": "Table 1 by groups"},
        ),
        conditions=report(
            "results/{run}/tables/conditions.csv",
            category="Tables",
            caption="../report/conditions.rst",
            labels={"table": "conditions"},
        ),
        networks=report(
            "results/{run}/tables/networks.csv",
            category="Tables",
            caption="../report/networks.rst",
            labels={"table": "networks"},
        ),
        files=report(
            "results/{run}/tables/files.csv",
            category="Tables",
            caption="../report/files.rst",
            labels={"table": "weight files"},
        ),
        markdown="results/{run}/tables/tables.md",
        latex="results/{run}/tables/tables.tex",
        summary="results/{run}/tables/summary.txt",
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
        ground_truth=lambda wildcards, input: [
            f"--ground-truth={file}" for file in input.ground_truth
        ],
    shell:
        r"""
        exec &>{log:q}

        idfsr tables \
            --config {input.config:q} \
            --metrics {input.metrics:q} \
            --set-metrics {input.set_metrics:q} \
            --probes {input.probes:q} \
            --table1 {output.table1:q} \
            --table2 {output.table2:q} \
            --paired {output.paired:q} \
            --groups {output.groups:q} \
            {params.ground_truth:q} \
            --conditions {output.conditions:q} \
            --weights {input.weights:q} \
            --networks {output.networks:q} \
            --files {input.files:q} \
            --lists {params.lists:q} config/weights.yaml \
            --files-table {output.files:q} \
            --markdown {output.markdown:q} \
            --latex {output.latex:q} \
            --summary {output.summary:q}
        """


rule report:
    """Make the HTML page."""
    input:
        config="results/{run}/config/page.json",
        tables=[
            "results/{run}/tables/table1.csv",
            "results/{run}/tables/table2.csv",
            "results/{run}/tables/paired.csv",
            "results/{run}/tables/groups.csv",
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
        exec &>{log:q}

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
