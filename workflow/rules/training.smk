"""Shards to a pretrained model and a fitted ID embedding for each test identity.

Needs: results/<run>/shards/.
Makes: results/<run>/pretrain/model.safetensors, fit/x<scale factor>/<identity>/embedding.safetensors.
"""


rule pretrain:
    """Train the diffusion U-Net and the style encoder (IDFSR, Eq. 1). Run again to resume."""
    input:
        config="results/{run}/config/pretrain.json",
        shards=pretrain_shards,
        sample_shards=sample_shards,
        init=weights("idfsr"),
        id_encoder=weights("id_encoder"),
    output:
        model="results/{run}/pretrain/model.safetensors",
        stats="results/{run}/pretrain/stats.jsonl",
        card="results/{run}/pretrain/card.md",
    log:
        "logs/{run}/pretrain.txt",
    benchmark:
        "results/{run}/benchmarks/pretrain.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=4000,
        nodes=1,
        runtime=2880,
    params:
        code=code_digest("idfsr.stages.pretrain"),
        init=lambda wildcards, input: ["--init", *input.init] if input.init else [],
        state_dir="results/{run}/pretrain/state",
    shell:
        r"""
        # Only the training answers SIGTERM: it saves its state and ends with status 75.
        trap '' TERM
        exec &> >(tee {log:q})

        idfsr distribute --nodes {resources.nodes} --cpus {threads} -- pretrain \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --sample-shards {input.sample_shards:q} \
            {params.init:q} \
            --id-encoder {input.id_encoder:q} \
            --state-dir {params.state_dir:q} \
            --model {output.model:q} \
            --stats {output.stats:q} \
            --card {output.card:q} \
            --threads {threads}
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
        code=code_digest("idfsr.stages.fit"),
        batch=lambda wildcards, output: batch_of(wildcards),
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr fit \
            --config {input.config:q} \
            --model {input.model:q} \
            --shards {input.shard:q} \
            --identity {wildcards.identity:q} \
            --embedding {output.embedding:q} \
            --stats {output.stats:q} \
            --threads {threads}

        idfsr relist results/{wildcards.run}/fit/x{wildcards.scale_factor}/batch-{params.batch}.tsv
        """
