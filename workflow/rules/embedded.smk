"""Recipes of the weights in idfsr/weights/, one target each: `snakemake embedded_weights`.

Needs: nothing; renders people of the training population (config/embedded.yaml).
Makes: results/embedded/, and the published files with their cards in idfsr/weights/. Those are
part of the source, not declared outputs: a run of the demo never remakes them.
"""


rule crops:
    """Cut ArcFace-aligned faces with their labels for the ID encoder and the attributes."""
    input:
        config="results/{run}/config/landmarks.json",
        manifest="results/{run}/manifest.parquet",
        landmarks=landmark_shards,
        images=rendered_images,
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
        code=code_digest("idfsr.stages.crops"),
        root=images_root,
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr crops \
            --config {input.config:q} \
            --manifest {input.manifest:q} \
            --landmarks {input.landmarks:q} \
            --root {params.root:q} \
            --ground-truth {input.truth:q} \
            --crops {output.crops:q} \
            --threads {threads}
        """


rule arcface:
    """Train the small ID encoder (Deng et al. 2019). Run again to resume."""
    input:
        config="results/{run}/config/arcface.json",
        crops="results/{run}/crops.parquet",
    output:
        weights="results/{run}/arcface/model.safetensors",
        stats="results/{run}/arcface/stats.jsonl",
        card="results/{run}/arcface/card.md",
    log:
        "logs/{run}/arcface.txt",
    benchmark:
        "results/{run}/benchmarks/arcface.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        gpu=1,
    params:
        code=code_digest("idfsr.stages.arcface"),
        state_dir="results/{run}/arcface/state",
    shell:
        r"""
        # Only the training answers SIGTERM: it saves its state and ends with status 75.
        trap '' TERM
        exec &> >(tee {log:q})

        idfsr arcface \
            --config {input.config:q} \
            --crops {input.crops:q} \
            --state-dir {params.state_dir:q} \
            --weights {output.weights:q} \
            --stats {output.stats:q} \
            --card {output.card:q} \
            --threads {threads}
        """


rule attributes:
    """Train the network for age, gender, race and expression. Run again to resume."""
    input:
        config="results/{run}/config/attributes.json",
        crops="results/{run}/crops.parquet",
    output:
        weights="results/{run}/attributes/model.safetensors",
        stats="results/{run}/attributes/stats.jsonl",
        card="results/{run}/attributes/card.md",
    log:
        "logs/{run}/attributes.txt",
    benchmark:
        "results/{run}/benchmarks/attributes.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        gpu=1,
    params:
        code=code_digest("idfsr.stages.attributes"),
        state_dir="results/{run}/attributes/state",
    shell:
        r"""
        # Only the training answers SIGTERM: it saves its state and ends with status 75.
        trap '' TERM
        exec &> >(tee {log:q})

        idfsr attributes \
            --config {input.config:q} \
            --crops {input.crops:q} \
            --state-dir {params.state_dir:q} \
            --weights {output.weights:q} \
            --stats {output.stats:q} \
            --card {output.card:q} \
            --threads {threads}
        """


rule embedded_arcface:
    """Publish the ID encoder."""
    input:
        weights="results/embedded/arcface/model.safetensors",
        card="results/embedded/arcface/card.md",
    log:
        "logs/embedded/publish/arcface.txt",
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr publish --weights {input.weights:q} --card {input.card:q} \
            --published idfsr/weights/arcface.safetensors
        """


rule embedded_attributes:
    """Publish the network for age, gender, race and expression."""
    input:
        weights="results/embedded/attributes/model.safetensors",
        card="results/embedded/attributes/card.md",
    log:
        "logs/embedded/publish/attributes.txt",
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr publish --weights {input.weights:q} --card {input.card:q} \
            --published idfsr/weights/attributes.safetensors
        """


rule embedded_lr_detector:
    """Publish RetinaFace for degraded faces."""
    input:
        weights="results/embedded/lr_detector/model.safetensors",
        card="results/embedded/lr_detector/card.md",
    log:
        "logs/embedded/publish/lr_detector.txt",
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr publish --weights {input.weights:q} --card {input.card:q} \
            --published idfsr/weights/lr_retinaface.safetensors
        """


rule embedded_idfsr:
    """Publish IDFSR at 64 px."""
    input:
        weights="results/embedded/pretrain/model.safetensors",
        card="results/embedded/pretrain/card.md",
    log:
        "logs/embedded/publish/idfsr64.txt",
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    shell:
        r"""
        exec &> >(tee {log:q})

        idfsr publish --weights {input.weights:q} --card {input.card:q} \
            --published idfsr/weights/idfsr64.safetensors
        """


rule embedded_weights:
    """Make every embedded weight file again."""
    input:
        rules.embedded_arcface.input,
        rules.embedded_attributes.input,
        rules.embedded_landmarks68.input,
        rules.embedded_lr_detector.input,
        rules.embedded_idfsr.input,
    localrule: True
