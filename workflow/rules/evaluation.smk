"""Models to restored images, and these to metrics.

Needs: results/<run>/shards/, pretrain/, fit/.
Makes: results/<run>/restored/x<scale factor>/<method>/<identity>.parquet, features/, metrics/,
probes/.
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
        gpu=lambda wildcards: int(find_method(wildcards.method).needs_gpu),
        mem_mb=restore_memory,
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.restore", *method_modules(wildcards.method)
        ),
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


rule features:
    """Ask the networks of the metrics of the ground truth, for all methods and scales."""
    input:
        config="results/{run}/config/metrics.json",
        shards=truth_shards,
        attributes=weights("attributes"),
        published=metrics_weights,
    output:
        features="results/{run}/features/truth.parquet",
    log:
        "logs/{run}/features.txt",
    benchmark:
        "results/{run}/benchmarks/features.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        code=code_digest("idfsr.stages.features"),
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr features \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --assets .assets \
            --attributes {input.attributes:q} \
            --features {output.features:q} \
            --threads {threads}
        """


rule metrics:
    """Compare the restored images of one method and scale with the ground truth."""
    input:
        config="results/{run}/config/metrics.json",
        shards=test_shards,
        restored=restored,
        truth="results/{run}/features/truth.parquet",
        attributes=weights("attributes"),
        published=metrics_weights,
    output:
        metrics="results/{run}/metrics/x{scale_factor}/{method}.parquet",
        set_metrics="results/{run}/metrics/x{scale_factor}/{method}.set.json",
    log:
        "logs/{run}/metrics/x{scale_factor}/{method}.txt",
    benchmark:
        "results/{run}/benchmarks/metrics/x{scale_factor}/{method}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        code=code_digest("idfsr.stages.evaluate"),
        features="results/{run}/features/x{scale_factor}/{method}.parquet",
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr evaluate \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --restored {input.restored:q} \
            --assets .assets \
            --attributes {input.attributes:q} \
            --truth {input.truth:q} \
            --features {params.features:q} \
            --method {wildcards.method:q} \
            --scale-factor {wildcards.scale_factor} \
            --metrics {output.metrics:q} \
            --set-metrics {output.set_metrics:q} \
            --threads {threads}
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
