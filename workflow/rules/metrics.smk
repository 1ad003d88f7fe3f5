"""Restored images to the metrics of each method and scale factor.

Needs: results/<run>/shards/, restored/.
Makes: results/<run>/features/<family>/truth.parquet, scores/<family>/<method>.parquet,
metrics/x<scale factor>/<method>.parquet. A family is a module of idfsr.metrics.
"""


rule truth_features:
    """Ask one network of the ground truth, for all methods and scales."""
    input:
        config=lambda wildcards: families.settings_file(wildcards.family, wildcards.run),
        shards=truth_shards,
        weights=lambda wildcards: families.family_weights(
            wildcards.family, settings(wildcards)
        ),
    output:
        features="results/{run}/features/{family}/truth.parquet",
    log:
        "logs/{run}/features/{family}/truth.txt",
    benchmark:
        "results/{run}/benchmarks/features/{family}/truth.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        code=lambda wildcards: families.families_code(
            "truth_features", wildcards.family
        ),
        weights=lambda wildcards, input: families.weights_option(
            wildcards.family, input.weights
        ),
    shell:
        r"""
        exec &>{log:q}

        idfsr truth-features \
            --config {input.config:q} \
            --family {wildcards.family:q} \
            --shards {input.shards:q} \
            --assets .assets \
            {params.weights:q} \
            --features {output.features:q} \
            --threads {threads}
        """


rule scores:
    """Compute one family of metrics on the restored images of one method, at all scales."""
    input:
        config=lambda wildcards: families.settings_file(wildcards.family, wildcards.run),
        shards=lambda wildcards: plan(wildcards).shards_of_all_scales("test"),
        restored=lambda wildcards: plan(wildcards).restored_at_all_scales(
            wildcards.method
        ),
        truth=lambda wildcards: families.truth_features(
            wildcards.family, settings(wildcards)
        ),
        weights=lambda wildcards: families.family_weights(
            wildcards.family, settings(wildcards)
        ),
    output:
        scores="results/{run}/scores/{family}/{method}.parquet",
    log:
        "logs/{run}/scores/{family}/{method}.txt",
    benchmark:
        "results/{run}/benchmarks/scores/{family}/{method}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        code=lambda wildcards: families.families_code("scores", wildcards.family),
        weights=lambda wildcards, input: families.weights_option(
            wildcards.family, input.weights
        ),
        truth=lambda wildcards, input: ["--truth", *input.truth] if input.truth else [],
    shell:
        r"""
        exec &>{log:q}

        idfsr scores \
            --config {input.config:q} \
            --family {wildcards.family:q} \
            --shards {input.shards:q} \
            --restored {input.restored:q} \
            --assets .assets \
            {params.weights:q} \
            {params.truth:q} \
            --method {wildcards.method:q} \
            --scores {output.scores:q} \
            --threads {threads}
        """


rule metrics:
    """Join the scores of all families for one method and scale."""
    input:
        config="results/{run}/config/metrics.json",
        scores=lambda wildcards: families.scores(settings(wildcards), wildcards.method),
    output:
        metrics="results/{run}/metrics/x{scale_factor}/{method}.parquet",
        set_metrics="results/{run}/metrics/x{scale_factor}/{method}.set.json",
    log:
        "logs/{run}/metrics/x{scale_factor}/{method}.txt",
    benchmark:
        "results/{run}/benchmarks/metrics/x{scale_factor}/{method}.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: families.families_code(
            "join_scores", *families.families_of(settings(wildcards))
        ),
    shell:
        r"""
        exec &>{log:q}

        idfsr join-scores \
            --config {input.config:q} \
            --scores {input.scores:q} \
            --scale-factor {wildcards.scale_factor} \
            --metrics {output.metrics:q} \
            --set-metrics {output.set_metrics:q}
        """
