"""The paper's figures: `snakemake figures` makes all of a run.

Needs: results/<run>/shards/, restored/, metrics/; what the renderer knows of rendered people.
Makes: results/<run>/figures/ fig1, fig3 and fig4, each as .png, .svg and .csv.
"""


rule paper_figure:
    """Draw a figure of the paper, and write the numbers behind it."""
    input:
        unpack(paper_figure_files),
    output:
        figure=report("results/{run}/figures/{paper_figure}.png", category="Figures"),
        vector="results/{run}/figures/{paper_figure}.svg",
        numbers=report("results/{run}/figures/{paper_figure}.csv", category="Figures"),
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
        exec &> >(tee {log:q})

        idfsr {wildcards.paper_figure} \
            {params.files:q} \
            --figure {output.figure:q}
        """


rule figures:
    """Make every figure of the paper."""
    input:
        expand(
            "results/{run}/figures/{name}.png",
            run=RUN.run,
            name=figures.figure_names(RUN),
        ),
    localrule: True
