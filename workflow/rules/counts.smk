"""Restorations with a few photographs of each person, for Fig. 7 of the paper.

Needs: results/<run>/shards/, pretrain/model.safetensors.
Makes: results/<run>/counts/<photographs>/ <method>.parquet with the images, and their scores
<family>/<method>.parquet.
"""


rule counts:
    """Restore with z_id of a few photographs, fitted and as their mean."""
    input:
        config="results/{run}/config/counts.json",
        shards=largest_test_shards,
        model="results/{run}/pretrain/model.safetensors",
    output:
        mean="results/{run}/counts/{photographs}/idfsr-mean.parquet",
        fitted="results/{run}/counts/{photographs}/idfsr-ft.parquet",
    log:
        "logs/{run}/counts/{photographs}.txt",
    benchmark:
        "results/{run}/benchmarks/counts/{photographs}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=4000,
    params:
        code=lambda wildcards: code_digest("idfsr.stages.counts"),
    shell:
        r"""
        exec &>{log:q}

        idfsr counts \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --model {input.model:q} \
            --num-photographs {wildcards.photographs} \
            --mean {output.mean:q} \
            --fitted {output.fitted:q} \
            --threads {threads}
        """


rule count_scores:
    """Compute one family of metrics on what a few photographs gave."""
    input:
        config=lambda wildcards: families.settings_file(wildcards.family, wildcards.run),
        shards=largest_test_shards,
        restored="results/{run}/counts/{photographs}/{method}.parquet",
        truth=lambda wildcards: families.truth_features(
            wildcards.family, settings(wildcards)
        ),
        weights=lambda wildcards: families.family_weights(
            wildcards.family, settings(wildcards)
        ),
    output:
        scores="results/{run}/counts/{photographs}/{family}/{method}.parquet",
    log:
        "logs/{run}/counts/{photographs}/{family}/{method}.txt",
    benchmark:
        "results/{run}/benchmarks/counts/{photographs}/{family}/{method}.tsv"
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
