"""Restorations under more damage, and what each method takes.

Needs: results/<run>/shards/, pretrain/model.safetensors, fit/, lr_detector/model.safetensors.
Makes: results/<run>/damages.parquet, costs/<method>.json.
"""


rule damages:
    """Restore images that are smaller, blurred, noisy or compressed."""
    input:
        unpack(damage_files),
    output:
        damages="results/{run}/damages.parquet",
    log:
        "logs/{run}/damages.txt",
    benchmark:
        "results/{run}/benchmarks/damages.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=4000,
    params:
        code=lambda wildcards: code_digest("idfsr.stages.damages"),
        files=lambda wildcards, input: file_arguments(input.items()),
    shell:
        r"""
        exec &>{log:q}

        idfsr damages \
            {params.files:q} \
            --assets .assets \
            --damages {output.damages:q} \
            --threads {threads}
        """


rule costs:
    """Measure what a method takes for one image."""
    input:
        config=lambda wildcards: paths.restore_settings(
            settings(wildcards), wildcards.method
        ),
        shards=largest_test_shards,
        model=lambda wildcards: paths.pretrained_model(
            settings(wildcards), wildcards.method
        ),
        weights=lambda wildcards: inputs.baseline_weights(
            settings(wildcards), [wildcards.method]
        ),
    output:
        costs="results/{run}/costs/{method}.json",
    log:
        "logs/{run}/costs/{method}.txt",
    benchmark:
        "results/{run}/benchmarks/costs/{method}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    # Alone on a machine of two cores, for its seconds are a result.
    threads: 2
    resources:
        gpu=lambda wildcards: int(find_method(wildcards.method).needs_gpu),
        mem_mb=lambda wildcards: find_method(wildcards.method).memory_mb,
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.costs", *method_modules(wildcards.method)
        ),
        model=lambda wildcards, input: ["--model", *input.model] if input.model else [],
        weights_list=lambda wildcards: settings(wildcards).weights.baselines,
    shell:
        r"""
        exec &>{log:q}

        idfsr costs \
            --config {input.config:q} \
            --method {wildcards.method:q} \
            --shards {input.shards:q} \
            {params.model:q} \
            --weights-list {params.weights_list:q} \
            --costs {output.costs:q} \
            --threads {threads}
        """
