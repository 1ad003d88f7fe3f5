"""Split and images to Parquet shards of prepared targets and references.

Needs: results/<run>/split.tsv, landmarks/*.parquet; the weights of the ID encoder.
Makes: results/<run>/lr_detector/, shards/x<scale factor>/{pretrain,test}-<shard>.parquet.
"""


rule lr_detector:
    """Fine-tune RetinaFace on degraded faces beside the stock one. Run again to resume."""
    input:
        config="results/{run}/config/train-lr_detector.json",
        split="results/{run}/split.tsv",
        manifest="results/{run}/manifest.parquet",
        landmarks=landmark_shards,
        images=made_images,
        init=weights("lr_detector"),
    output:
        weights="results/{run}/lr_detector/model.safetensors",
        errors="results/{run}/lr_detector/errors.csv",
        stats="results/{run}/lr_detector/stats.jsonl",
        card="results/{run}/lr_detector/card.md",
    log:
        "logs/{run}/lr_detector.txt",
    benchmark:
        "results/{run}/benchmarks/lr_detector.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=240,
    params:
        code=lambda wildcards: code_digest(
            "idfsr.stages.train", *modules_of("lr_detector")
        ),
        root=images_root,
        init=lambda wildcards, input: ["--init", *input.init] if input.init else [],
        state_dir="results/{run}/lr_detector/state",
    shell:
        r"""
        # Only the training answers SIGTERM: it saves its state and ends with status 75.
        trap '' TERM
        exec &>{log:q}

        idfsr train lr_detector \
            --config {input.config:q} \
            --split {input.split:q} \
            --manifest {input.manifest:q} \
            --landmarks {input.landmarks:q} \
            --root {params.root:q} \
            --assets .assets \
            {params.init:q} \
            --state-dir {params.state_dir:q} \
            --weights {output.weights:q} \
            --table {output.errors:q} \
            --stats {output.stats:q} \
            --card {output.card:q} \
            --threads {threads}
        """


rule shards:
    """Mask, warp and embed the targets of one shard."""
    input:
        config="results/{run}/config/shards.json",
        split="results/{run}/split.tsv",
        manifest="results/{run}/manifest.parquet",
        landmarks=landmark_shards,
        images=made_images,
        lr_detector="results/{run}/lr_detector/model.safetensors",
        id_encoder=weights("id_encoder"),
    output:
        shard="results/{run}/shards/x{scale_factor}/{part}-{shard}.parquet",
    log:
        "logs/{run}/shards/x{scale_factor}/{part}-{shard}.txt",
    benchmark:
        "results/{run}/benchmarks/shards/x{scale_factor}/{part}-{shard}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        mem_mb=3000,
    params:
        code=lambda wildcards: code_digest("idfsr.stages.shards"),
        root=images_root,
    shell:
        r"""
        exec &>{log:q}

        idfsr shards \
            --config {input.config:q} \
            --split {input.split:q} \
            --manifest {input.manifest:q} \
            --landmarks {input.landmarks:q} \
            --root {params.root:q} \
            --lr-detector {input.lr_detector:q} \
            --id-encoder {input.id_encoder:q} \
            --part {wildcards.part} \
            --scale-factor {wildcards.scale_factor} \
            --shard {wildcards.shard} \
            --shards {output.shard:q} \
            --threads {threads}
        """
