"""Shards to a pretrained model.

Needs: results/<run>/shards/.
Makes: results/<run>/pretrain/model.safetensors.
"""


rule pretrain:
    """Train the diffusion U-Net and the style encoder (IDFSR, Eq. 1). Run again to resume."""
    input:
        config="results/{run}/config/pretrain.json",
        shards=pretrain_shards,
        sample_shards=lambda wildcards: plan(wildcards).sample_shards(),
        init=weights("idfsr"),
        id_loss=weights("id_loss"),
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
        code=lambda wildcards: code_digest("idfsr.stages.pretrain"),
        init=lambda wildcards, input: ["--init", *input.init] if input.init else [],
        id_loss=lambda wildcards, input: (
            ["--id-loss", *input.id_loss] if input.id_loss else []
        ),
        state_dir="results/{run}/pretrain/state",
    shell:
        r"""
        # Only the training answers SIGTERM: it saves its state and ends with status 75.
        trap '' TERM
        exec &>{log:q}

        idfsr distribute --nodes {resources.nodes} --cpus {threads} -- pretrain \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --sample-shards {input.sample_shards:q} \
            {params.init:q} \
            {params.id_loss:q} \
            --state-dir {params.state_dir:q} \
            --model {output.model:q} \
            --stats {output.stats:q} \
            --card {output.card:q} \
            --threads {threads}
        """
