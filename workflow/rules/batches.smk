"""Fits and restorations with several people in one job, for a cluster (identities_per_job).

Needs: what rules fit and restore need, for all people of a batch.
Makes: their files, and a list of them: results/<run>/{fit,restored}/.../batch-<batch>.tsv.
"""


rule fit_batch:
    """Fit the people of one batch; those that are done are left as they are."""
    input:
        config="results/{run}/config/fit.json",
        shards=batch_shards,
        model="results/{run}/pretrain/model.safetensors",
    output:
        list="results/{run}/fit/x{scale_factor}/batch-{batch}.tsv",
    log:
        "logs/{run}/fit/x{scale_factor}/batch-{batch}.txt",
    benchmark:
        "results/{run}/benchmarks/fit/x{scale_factor}/batch-{batch}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
    params:
        code=code_digest("idfsr.stages.fit"),
        identities=batch_identities,
        at_once=lambda wildcards: settings(wildcards).fit.identities_at_once,
        fits="results/{run}/fit/x{scale_factor}",
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr batch \
            --identities {params.identities:q} \
            --code {params.code} \
            --makes {params.fits}/{{identity}}/embedding.safetensors {params.fits}/{{identity}}/stats.jsonl \
            --list {output.list:q} \
            --at-once {params.at_once} \
            -- fit \
            --config {input.config:q} \
            --model {input.model:q} \
            --shards {input.shards:q} \
            --identity {{identity}} \
            --embedding {params.fits}/{{identity}}/embedding.safetensors \
            --stats {params.fits}/{{identity}}/stats.jsonl \
            --threads {threads}
        """


rule restore_batch:
    """Restore the test images of one batch; people who are done are left as they are."""
    input:
        config=restore_settings,
        shards=batch_shards,
        model=model_of,
        fits=batch_fits,
        weights=baseline_weights,
    output:
        list="results/{run}/restored/x{scale_factor}/{method}/batch-{batch}.tsv",
    log:
        "logs/{run}/restore/x{scale_factor}/{method}/batch-{batch}.txt",
    benchmark:
        "results/{run}/benchmarks/restore/x{scale_factor}/{method}/batch-{batch}.tsv"
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
        identities=batch_identities,
        model=lambda wildcards, input: ["--model", input.model] if input.model else [],
        embedding=lambda wildcards, input: (
            [
                "--embedding",
                f"{Path(input.fits).parent}/{{identity}}/embedding.safetensors",
            ]
            if input.fits
            else []
        ),
        weights_list=lambda wildcards: settings(wildcards).weights.baselines,
        restored="results/{run}/restored/x{scale_factor}/{method}",
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr batch \
            --identities {params.identities:q} \
            --code {params.code} \
            --makes {params.restored}/{{identity}}.parquet \
            --list {output.list:q} \
            -- restore \
            --config {input.config:q} \
            --method {wildcards.method:q} \
            --shards {input.shards:q} \
            --identity {{identity}} \
            {params.model:q} {params.embedding:q} \
            --weights-list {params.weights_list:q} \
            --restored {params.restored}/{{identity}}.parquet \
            --threads {threads}
        """
