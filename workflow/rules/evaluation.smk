"""Restored images to metrics.

Needs: results/<run>/shards/, restored/.
Makes: results/<run>/features/, metrics/.
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
