"""The fit of the ID embedding of each test identity.

Needs: results/<run>/shards/, pretrain/model.safetensors.
Makes: results/<run>/fit/x<scale factor>/<identity>/ with embedding.safetensors, stats.jsonl and
made.json, which says of what they were made; with identities_per_job above 1 a list of a batch's.

A person whose file is named on the command line is fitted alone, and leaves alone.json beside it:
the batch then looks at its people again, by what their made.json says.
"""


rule fit:
    """Fit the ID embedding z_id of one identity, everything else frozen."""
    input:
        config="results/{run}/config/fit.json",
        shard=identity_shard,
        model="results/{run}/pretrain/model.safetensors",
    output:
        embedding="results/{run}/fit/x{scale_factor}/{identity}/embedding.safetensors",
        stats="results/{run}/fit/x{scale_factor}/{identity}/stats.jsonl",
        made="results/{run}/fit/x{scale_factor}/{identity}/made.json",
    log:
        "logs/{run}/fit/x{scale_factor}/{identity}.txt",
    benchmark:
        "results/{run}/benchmarks/fit/x{scale_factor}/{identity}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
    params:
        code=lambda wildcards: code_digest("idfsr.stages.fit_people"),
        fits="results/{run}/fit/x{scale_factor}",
        alone="results/{run}/fit/x{scale_factor}/{identity}/alone.json",
    shell:
        r"""
        exec &>{log:q}

        idfsr fit-people \
            --config {input.config:q} \
            --model {input.model:q} \
            --shards {input.shard:q} \
            --identities {wildcards.identity:q} \
            --code {params.code} \
            --fits-dir {params.fits:q} \
            --threads {threads}

        cp {output.made:q} {params.alone:q}
        """


rule fit_batch:
    """Fit the people of one batch; those who are current are left as they are."""
    input:
        config="results/{run}/config/fit.json",
        shards=batch_shards,
        model="results/{run}/pretrain/model.safetensors",
        alone=lambda wildcards: made_alone(
            "results/{run}/fit/x{scale_factor}/{identity}/alone.json", wildcards
        ),
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
        code=lambda wildcards: code_digest("idfsr.stages.fit_people"),
        identities=batch_people,
        fits=subpath(output.list, parent=True),
    shell:
        r"""
        exec &>{log:q}

        idfsr fit-people \
            --config {input.config:q} \
            --model {input.model:q} \
            --shards {input.shards:q} \
            --identities {params.identities:q} \
            --code {params.code} \
            --fits-dir {params.fits:q} \
            --list {output.list:q} \
            --threads {threads}
        """
