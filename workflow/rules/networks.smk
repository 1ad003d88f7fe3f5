"""Trainings of the small networks, and the weights in idfsr/weights/: `snakemake embedded_weights`.

Needs: results/embedded/ from synthref to the shards (config/embedded.yaml); no photographs.
Makes: results/<run>/networks/<network>/, and the files of idfsr/weights/ with their cards. Those are
part of the source, not declared outputs: a run of the demo never makes them again.
"""


rule crops:
    """Cut ArcFace-aligned faces with their labels for the ID encoder and the attributes."""
    input:
        manifest="results/{run}/manifest.parquet",
        landmarks=landmark_shards,
        images=made_images,
        truth="results/{run}/synthref/ground_truth.parquet",
    output:
        crops="results/{run}/crops.parquet",
    log:
        "logs/{run}/crops.txt",
    benchmark:
        "results/{run}/benchmarks/crops.tsv"
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.crops"),
        root=images_root,
    shell:
        r"""
        exec &>{log:q}

        idfsr crops \
            --manifest {input.manifest:q} \
            --landmarks {input.landmarks:q} \
            --root {params.root:q} \
            --ground-truth {input.truth:q} \
            --crops {output.crops:q} \
            --threads {threads}
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
        code=lambda wildcards: code_digest("idfsr.stages.synthref_landmarks"),
    shell:
        r"""
        exec &>{log:q}

        idfsr synthref-landmarks \
            --config {input.config:q} \
            --assets .assets \
            --landmarks {output.landmarks:q}
        """


rule train:
    """Train a small network on what its record says it reads. Run again to resume."""
    input:
        unpack(network_files),
        config="results/{run}/config/train-{network}.json",
    output:
        weights="results/{run}/networks/{network}/model.safetensors",
        stats="results/{run}/networks/{network}/stats.jsonl",
        card="results/{run}/networks/{network}/card.md",
    log:
        "logs/{run}/networks/{network}.txt",
    benchmark:
        "results/{run}/benchmarks/networks/{network}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        gpu=1,
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.train", *modules_of(wildcards.network)
        ),
        files=lambda wildcards, input: file_arguments(input.items()),
        state_dir="results/{run}/networks/{network}/state",
    shell:
        r"""
        # Only the training answers SIGTERM: it saves its state and ends with status 75.
        trap '' TERM
        exec &>{log:q}

        idfsr train {wildcards.network:q} \
            {params.files:q} \
            --state-dir {params.state_dir:q} \
            --weights {output.weights:q} \
            --stats {output.stats:q} \
            --card {output.card:q} \
            --threads {threads}
        """


rule embed:
    """Put a trained network into the package, in half precision and with its card."""
    input:
        weights="results/embedded/{trained}/model.safetensors",
        card="results/embedded/{trained}/card.md",
    output:
        digest="results/embedded/{trained}/embedded.sha256",
    log:
        "logs/embedded/{trained}/embed.txt",
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        embedded=lambda wildcards: embedded_files()[wildcards.trained],
    shell:
        r"""
        exec &>{log:q}

        idfsr embed \
            --weights {input.weights:q} \
            --card {input.card:q} \
            --embedded idfsr/weights/{params.embedded:q} \
            --digest {output.digest:q}
        """


rule embedded_weights:
    """Make every embedded weight file again."""
    input:
        expand("results/embedded/{trained}/embedded.sha256", trained=embedded_files()),
        "results/embedded/id_encoder/copied.sha256",
    localrule: True
