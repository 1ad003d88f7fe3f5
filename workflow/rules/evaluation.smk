"""Models to restored images.

Needs: results/<run>/shards/, pretrain/, fit/.
Makes: results/<run>/restored/x<scale factor>/<method>/<identity>.parquet, probes/.
"""


rule restore:
    """Restore the test images of one identity with one method."""
    input:
        config=restore_settings,
        shard=identity_shard,
        model=model_of,
        embedding=embedding_of,
        weights=baseline_weights,
    output:
        restored="results/{run}/restored/x{scale_factor}/{method}/{identity}.parquet",
    log:
        "logs/{run}/restore/x{scale_factor}/{method}/{identity}.txt",
    benchmark:
        "results/{run}/benchmarks/restore/x{scale_factor}/{method}/{identity}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: 0 if wildcards.method == "bicubic" else 1,
        mem_mb=restore_memory,
    params:
        code=code_digest("idfsr.stages.restore"),
        model=lambda wildcards, input: ["--model", input.model] if input.model else [],
        embedding=lambda wildcards, input: (
            ["--embedding", input.embedding] if input.embedding else []
        ),
        weights_list=lambda wildcards: settings(wildcards).weights.baselines,
        batch=lambda wildcards, output: batch_of(wildcards),
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr restore \
            --config {input.config:q} \
            --method {wildcards.method:q} \
            --shards {input.shard:q} \
            --identity {wildcards.identity:q} \
            {params.model:q} {params.embedding:q} \
            --weights-list {params.weights_list:q} \
            --restored {output.restored:q} \
            --threads {threads}

        idfsr relist results/{wildcards.run}/restored/x{wildcards.scale_factor}/{wildcards.method}/batch-{params.batch}.tsv
        """


rule probes:
    """Restore with one condition exchanged or left out (IDFSR, Figs. 5, 6 and 8)."""
    input:
        config="results/{run}/config/probes.json",
        shards=test_shards,
        model="results/{run}/pretrain/model.safetensors",
        embeddings=embeddings,
    output:
        probes="results/{run}/probes/x{scale_factor}.parquet",
    log:
        "logs/{run}/probes/x{scale_factor}.txt",
    benchmark:
        "results/{run}/benchmarks/probes/x{scale_factor}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
    params:
        code=code_digest("idfsr.stages.probes"),
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr probes \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --model {input.model:q} \
            --embeddings {input.embeddings:q} \
            --assets .assets \
            --probes {output.probes:q} \
            --threads {threads}
        """
