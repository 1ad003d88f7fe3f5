"""Images to a split of identities.

Needs: the files of the data set, or nothing for `synthref`, which is rendered; quality.parquet.
Makes: results/<run>/manifest.parquet, listing.tsv, split.tsv, split_summary.tsv.
"""


rule stage_settings:
    """The settings of one stage as a file: a change of another stage's does not touch it."""
    output:
        "results/{run}/config/{stage}.json",
    log:
        "logs/{run}/config/{stage}.txt",
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        json=lambda wildcards: stage_json(settings(wildcards), wildcards.stage),
    shell:
        r"""
        exec &>{log:q}

        printf '%s\n' {params.json:q} >{output:q}
        """


rule synthref:
    """Render the people of the embedded default in the layout of CelebRef-HQ."""
    input:
        config="results/{run}/config/synthref.json",
    output:
        images=directory("results/{run}/synthref/CelebHQRefForRelease"),
        truth="results/{run}/synthref/ground_truth.parquet",
    log:
        "logs/{run}/synthref.txt",
    benchmark:
        "results/{run}/benchmarks/synthref.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        code=lambda wildcards: code_digest("idfsr.stages.synthref"),
        out_dir=subpath(output.truth, parent=True),
    shell:
        r"""
        exec &>{log:q}

        idfsr synthref \
            --config {input.config:q} \
            --assets .assets \
            --out-dir {params.out_dir:q} \
            --threads {threads}
        """


checkpoint index:
    """List every image with its size and digest, or why it cannot be used."""
    input:
        config="results/{run}/config/index.json",
        images=made_images,
        left_out=left_out_images,
    output:
        manifest="results/{run}/manifest.parquet",
        listing="results/{run}/listing.tsv",
    log:
        "logs/{run}/index.txt",
    benchmark:
        "results/{run}/benchmarks/index.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        mem_mb=decoding_mb,
    params:
        code=lambda wildcards: code_digest("idfsr.stages.index"),
        root=images_root,
        left_out=lambda wildcards, input: [
            f"--left-out={file}" for file in input.left_out
        ],
        # So that it runs again when photographs come, go or change that no rule makes.
        photographs=lambda wildcards: inputs.photographs_digest(settings(wildcards)),
    shell:
        r"""
        exec &>{log:q}

        idfsr index \
            --config {input.config:q} \
            --root {params.root:q} \
            {params.left_out:q} \
            --manifest {output.manifest:q} \
            --listing {output.listing:q} \
            --threads {threads}
        """


checkpoint split:
    """Draw the test identities, and halve each into fit and test images."""
    input:
        config="results/{run}/config/split.json",
        quality="results/{run}/quality.parquet",
    output:
        split="results/{run}/split.tsv",
        summary="results/{run}/split_summary.tsv",
    log:
        "logs/{run}/split.txt",
    benchmark:
        "results/{run}/benchmarks/split.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.split"),
    shell:
        r"""
        exec &>{log:q}

        idfsr split \
            --config {input.config:q} \
            --quality {input.quality:q} \
            --split {output.split:q} \
            --summary {output.summary:q}
        """
