"""Tables and figures to the HTML report.

Needs: results/<run>/tables/, metrics/, figures/, split.tsv, and report/ as far as gather.smk makes it.
Makes: results/<run>/report/index.html.
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
