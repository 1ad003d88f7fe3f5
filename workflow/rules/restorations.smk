"""Restored test images, and restorations with one condition exchanged.

Needs: results/<run>/shards/, pretrain/, fit/; the weights of the baselines.
Makes: results/<run>/restored/x<scale factor>/<method>/<identity>.parquet, with <identity>.made.json
as in fits.smk, and lists of a batch's; probes/.
"""


rule restore:
    """Restore the test images of one identity with one method."""
    input:
        config=lambda wildcards: paths.restore_settings(
            settings(wildcards), wildcards.method
        ),
        shard=identity_shard,
        model=lambda wildcards: paths.pretrained_model(
            settings(wildcards), wildcards.method
        ),
        embedding=lambda wildcards: paths.of_the_fit(
            wildcards.method,
            f"results/{wildcards.run}/fit/x{wildcards.scale_factor}/{wildcards.identity}/embedding.safetensors",
        ),
        weights=lambda wildcards: inputs.baseline_weights(
            settings(wildcards), [wildcards.method]
        ),
    output:
        restored="results/{run}/restored/x{scale_factor}/{method}/{identity}.parquet",
        made="results/{run}/restored/x{scale_factor}/{method}/{identity}.made.json",
    log:
        "logs/{run}/restore/x{scale_factor}/{method}/{identity}.txt",
    benchmark:
        "results/{run}/benchmarks/restore/x{scale_factor}/{method}/{identity}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: int(find_method(wildcards.method).needs_gpu),
        mem_mb=lambda wildcards: find_method(wildcards.method).memory_mb,
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.restore_people", *method_modules(wildcards.method)
        ),
        model=lambda wildcards, input: ["--model", *input.model] if input.model else [],
        fits="results/{run}/fit/x{scale_factor}",
        weights_list=lambda wildcards: settings(wildcards).weights.baselines,
        images=lambda wildcards: inputs.folder_arguments(
            settings(wildcards), wildcards.method, int(wildcards.scale_factor)
        ),
        restored=subpath(output.restored, parent=True),
        alone="results/{run}/restored/x{scale_factor}/{method}/{identity}.alone.json",
    shell:
        r"""
        exec &>{log:q}

        idfsr restore-people \
            --config {input.config:q} \
            --method {wildcards.method:q} \
            --shards {input.shard:q} \
            --identities {wildcards.identity:q} \
            --code {params.code} \
            {params.model:q} \
            --fits-dir {params.fits:q} \
            --weights-list {params.weights_list:q} \
            --weights {input.weights:q} \
            {params.images:q} \
            --restored-dir {params.restored:q} \
            --threads {threads}

        cp {output.made:q} {params.alone:q}
        """


rule restore_batch:
    """Restore the test images of one batch; people who are current are left as they are."""
    input:
        config=lambda wildcards: paths.restore_settings(
            settings(wildcards), wildcards.method
        ),
        shards=batch_shards,
        model=lambda wildcards: paths.pretrained_model(
            settings(wildcards), wildcards.method
        ),
        fits=lambda wildcards: paths.of_the_fit(
            wildcards.method,
            f"results/{wildcards.run}/fit/x{wildcards.scale_factor}/batch-{wildcards.batch}.tsv",
        ),
        weights=lambda wildcards: inputs.baseline_weights(
            settings(wildcards), [wildcards.method]
        ),
        alone=lambda wildcards: made_alone(
            "results/{run}/restored/x{scale_factor}/{method}/{identity}.alone.json",
            wildcards,
        ),
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
        mem_mb=lambda wildcards: find_method(wildcards.method).memory_mb,
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.restore_people", *method_modules(wildcards.method)
        ),
        identities=batch_people,
        model=lambda wildcards, input: ["--model", *input.model] if input.model else [],
        fits="results/{run}/fit/x{scale_factor}",
        weights_list=lambda wildcards: settings(wildcards).weights.baselines,
        images=lambda wildcards: inputs.folder_arguments(
            settings(wildcards), wildcards.method, int(wildcards.scale_factor)
        ),
        restored=subpath(output.list, parent=True),
    shell:
        r"""
        exec &>{log:q}

        idfsr restore-people \
            --config {input.config:q} \
            --method {wildcards.method:q} \
            --shards {input.shards:q} \
            --identities {params.identities:q} \
            --code {params.code} \
            {params.model:q} \
            --fits-dir {params.fits:q} \
            --weights-list {params.weights_list:q} \
            --weights {input.weights:q} \
            {params.images:q} \
            --restored-dir {params.restored:q} \
            --list {output.list:q} \
            --threads {threads}
        """
