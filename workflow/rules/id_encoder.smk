"""The recogniser that makes z_id in the embedded default.

Needs: dlib's published file, weights/dlib/; results/embedded/crops.parquet.
Makes: results/<run>/id_encoder/, and idfsr/weights/id_encoder.safetensors.
"""


rule id_encoder:
    """Take dlib's recogniser, and off its descriptors their mean over many people."""
    input:
        published=str(locate("weights/dlib/dlib_face_recognition_resnet_model_v1.dat")),
        crops="results/{run}/crops.parquet",
    output:
        weights="results/{run}/id_encoder/model.safetensors",
    log:
        "logs/{run}/id_encoder.txt",
    benchmark:
        "results/{run}/benchmarks/id_encoder.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    params:
        code=lambda wildcards: code_digest("idfsr.stages.id_encoder"),
    shell:
        r"""
        exec &>{log:q}

        idfsr id-encoder \
            --published {input.published:q} \
            --crops {input.crops:q} \
            --weights {output.weights:q} \
            --threads {threads}
        """


rule copy_id_encoder:
    """Put it into the package as it is: its digest names the z_id that it makes."""
    input:
        weights="results/embedded/id_encoder/model.safetensors",
    output:
        digest="results/embedded/id_encoder/copied.sha256",
    log:
        "logs/embedded/copy_id_encoder.txt",
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        embedded="idfsr/weights/id_encoder.safetensors",
    shell:
        r"""
        exec &>{log:q}

        cp {input.weights:q} {params.embedded:q}.part
        mv {params.embedded:q}.part {params.embedded:q}
        sha256sum {params.embedded:q} >{output.digest:q}
        """
