"""The faces in the photographs, and which photographs serve.

Needs: results/<run>/manifest.parquet and the images that it names.
Makes: results/<run>/landmarks/shard-<shard>.parquet, quality.parquet.
"""


rule landmarks:
    """Find the faces of one shard of the manifest and measure the images."""
    input:
        config="results/{run}/config/landmarks.json",
        manifest="results/{run}/manifest.parquet",
        images=made_images,
        weights=landmark_weights,
        id_encoder=landmark_encoder,
    output:
        landmarks="results/{run}/landmarks/shard-{shard}.parquet",
    log:
        "logs/{run}/landmarks/{shard}.txt",
    benchmark:
        "results/{run}/benchmarks/landmarks/{shard}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        mem_mb=decoding_mb,
    params:
        code=lambda wildcards: code_digest("idfsr.stages.landmarks"),
        root=images_root,
        id_encoder=lambda wildcards, input: [
            f"--id-encoder={file}" for file in input.id_encoder
        ],
    shell:
        r"""
        exec &>{log:q}

        idfsr landmarks \
            --config {input.config:q} \
            --manifest {input.manifest:q} \
            --root {params.root:q} \
            --assets .assets \
            {params.id_encoder:q} \
            --shard {wildcards.shard} \
            --landmarks {output.landmarks:q} \
            --threads {threads}
        """


rule quality:
    """Leave out images that are too small, blurred, turned away or without a face."""
    input:
        config="results/{run}/config/quality.json",
        manifest="results/{run}/manifest.parquet",
        landmarks=landmark_shards,
    output:
        quality="results/{run}/quality.parquet",
    log:
        "logs/{run}/quality.txt",
    benchmark:
        "results/{run}/benchmarks/quality.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.quality"),
    shell:
        r"""
        exec &>{log:q}

        idfsr quality \
            --config {input.config:q} \
            --manifest {input.manifest:q} \
            --landmarks {input.landmarks:q} \
            --quality {output.quality:q}
        """
