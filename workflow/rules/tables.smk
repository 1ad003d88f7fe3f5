"""Metrics to tables.

Needs: results/<run>/metrics/, probes/.
Makes: results/<run>/tables/.
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
        copying=report(
            "results/{run}/tables/copying.csv",
            category="Tables",
            caption="../report/copying.rst",
            labels={"table": "copies of references"},
        ),
        recognisers=report(
            "results/{run}/tables/recognisers.csv",
            category="Tables",
            caption="../report/recognisers.rst",
            labels={"table": "several recognisers"},
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
            --latex {output.latex:q} \
            --summary {output.summary:q}
        """
