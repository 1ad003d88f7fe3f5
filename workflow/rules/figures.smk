"""The paper's figures: `snakemake figures` makes all of a run.

Needs: results/<run>/shards/, pretrain/, fit/, restored/, metrics/, probes/; what the renderer knows.
Makes: results/<run>/exchanges/; figures/ fig1 to fig6, each as .png, .svg and .csv.
"""


rule exchanges:
    """Restore with another person's z_id and with other references (IDFSR, Figs. 5 and 6)."""
    input:
        unpack(exchange_files),
    output:
        exchanges="results/{run}/exchanges/x{scale_factor}.parquet",
    log:
        "logs/{run}/exchanges/x{scale_factor}.txt",
    benchmark:
        "results/{run}/benchmarks/exchanges/x{scale_factor}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=4000,
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.exchanges", *expression_modules(wildcards)
        ),
        files=lambda wildcards, input: file_arguments(input.items()),
        family=expression_options,
    shell:
        r"""
        exec &>{log:q}

        idfsr exchanges \
            {params.files:q} \
            {params.family:q} \
            --assets .assets \
            --exchanges {output.exchanges:q} \
            --threads {threads}
        """


rule paper_figure:
    """Draw a figure of the paper, and write the numbers behind it."""
    input:
        unpack(paper_figure_files),
    output:
        figure=report(
            "results/{run}/figures/{paper_figure}.png",
            category="Figures",
            caption="../report/paper-figure.rst",
            labels={"figure": "{paper_figure}", "scale": "all"},
        ),
        vector="results/{run}/figures/{paper_figure}.svg",
        numbers=report(
            "results/{run}/figures/{paper_figure}.csv",
            category="Figures",
            caption="../report/paper-figure.rst",
            labels={"figure": "{paper_figure}, numbers", "scale": "all"},
        ),
    log:
        "logs/{run}/figures/{paper_figure}.txt",
    benchmark:
        "results/{run}/benchmarks/figures/{paper_figure}.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest(
            f"idfsr.stages.{wildcards.paper_figure}",
            *method_modules(*settings(wildcards).methods),
        ),
        files=lambda wildcards, input: file_arguments(input.items()),
    shell:
        r"""
        exec &>{log:q}

        idfsr {wildcards.paper_figure} \
            {params.files:q} \
            --figure {output.figure:q}
        """


rule figures:
    """Make every figure of the paper."""
    input:
        paper_figures,
    localrule: True
