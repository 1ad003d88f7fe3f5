"""Recipe of the embedded network of 68 landmarks: `snakemake embedded_landmarks68`.

Needs: results/embedded/shards/ (config/embedded.yaml), and no image beside them.
Makes: results/embedded/landmarks68/, and the published file with its card in idfsr/weights/, which
is part of the source as those of embedded.smk.
"""


rule synthref_landmarks:
    """Compute the 68 landmarks of the rendered people from what they were rendered with."""
    input:
        config="results/{run}/config/synthref.json",
    output:
        landmarks="results/{run}/synthref_landmarks.parquet",
    log:
        "logs/{run}/synthref_landmarks.txt",
    benchmark:
        "results/{run}/benchmarks/synthref_landmarks.tsv"
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=code_digest("idfsr.stages.synthref_landmarks"),
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr synthref-landmarks \
            --config {input.config:q} \
            --assets .assets \
            --landmarks {output.landmarks:q}
        """


rule landmarks68:
    """Train the small network of 68 landmarks. Run again to resume."""
    input:
        config="results/{run}/config/landmarks68.json",
        shards=pretrain_shards_of_one_scale,
        held_out=truth_shards,
        truth="results/{run}/synthref_landmarks.parquet",
    output:
        weights="results/{run}/landmarks68/model.safetensors",
        stats="results/{run}/landmarks68/stats.jsonl",
        card="results/{run}/landmarks68/card.md",
    log:
        "logs/{run}/landmarks68.txt",
    benchmark:
        "results/{run}/benchmarks/landmarks68.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        gpu=1,
    params:
        code=code_digest("idfsr.stages.landmarks68"),
        state_dir="results/{run}/landmarks68/state",
    shell:
        r"""
        # Only the training answers SIGTERM: it saves its state and ends with status 75.
        trap '' TERM
        exec &> >(tee {log:q})

        idfsr landmarks68 \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --held-out {input.held_out:q} \
            --truth {input.truth:q} \
            --state-dir {params.state_dir:q} \
            --weights {output.weights:q} \
            --stats {output.stats:q} \
            --card {output.card:q} \
            --threads {threads}
        """


rule embedded_landmarks68:
    """Publish the network of 68 landmarks."""
    input:
        weights="results/embedded/landmarks68/model.safetensors",
        card="results/embedded/landmarks68/card.md",
    log:
        "logs/embedded/publish/landmarks68.txt",
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr publish --weights {input.weights:q} --card {input.card:q} \
            --published idfsr/weights/landmarks68.safetensors
        """
