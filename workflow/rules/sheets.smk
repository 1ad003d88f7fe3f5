"""Figures that show images.

Needs: results/<run>/quality.parquet, shards/, restored/, metrics/.
Makes: results/<run>/figures/ grid-x<scale factor>.png, warping-x<scale factor>.png, landmarks.png.
"""


rule figure_grid:
    """Show restored images beside input, reference and ground truth."""
    input:
        config="results/{run}/config/report.json",
        shards=test_shards,
        restored=lambda wildcards: plan(wildcards).restored(
            int(wildcards.scale_factor), settings(wildcards).methods
        ),
        metrics=lambda wildcards: paths.of_each_method(
            settings(wildcards),
            "results/{run}/metrics/x{scale_factor}/{method}.parquet",
            int(wildcards.scale_factor),
        ),
    output:
        figure=report(
            "results/{run}/figures/grid-x{scale_factor}.png",
            category="Figures",
            caption="../report/grid.rst",
            labels={"figure": "restored images", "scale": "x{scale_factor}"},
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
        exec &>{log:q}

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
            "results/{run}/figures/warping-x{scale_factor}.png",
            category="Figures",
            caption="../report/warping.rst",
            labels={"figure": "warped references", "scale": "x{scale_factor}"},
        ),
    log:
        "logs/{run}/figures/warping-x{scale_factor}.txt",
    benchmark:
        "results/{run}/benchmarks/figures/warping-x{scale_factor}.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.figure"),
    shell:
        r"""
        exec &>{log:q}

        idfsr figure warping \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --figure {output.figure:q}
        """


rule figure_landmarks:
    """Show faces and landmarks found, and images left out."""
    input:
        config="results/{run}/config/report.json",
        quality="results/{run}/quality.parquet",
        images=made_images,
    output:
        figure=report(
            "results/{run}/figures/landmarks.png",
            category="Figures",
            caption="../report/landmarks.rst",
            labels={"figure": "landmarks", "scale": "all"},
        ),
    log:
        "logs/{run}/figures/landmarks.txt",
    benchmark:
        "results/{run}/benchmarks/figures/landmarks.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.figure"),
        root=images_root,
    shell:
        r"""
        exec &>{log:q}

        idfsr figure landmarks \
            --config {input.config:q} \
            --quality {input.quality:q} \
            --root {params.root:q} \
            --figure {output.figure:q}
        """
