"""Restorations with one condition exchanged or left out.

Needs: results/<run>/shards/, pretrain/, fit/.
Makes: results/<run>/probes/x<scale factor>.parquet, with the images x<scale factor>-images.parquet.
"""


rule probes:
    """Restore with one condition exchanged or left out (IDFSR, Figs. 5, 6 and 8)."""
    input:
        config="results/{run}/config/probes.json",
        shards=test_shards,
        model="results/{run}/pretrain/model.safetensors",
        embeddings=embeddings,
    output:
        probes="results/{run}/probes/x{scale_factor}.parquet",
        images="results/{run}/probes/x{scale_factor}-images.parquet",
    log:
        "logs/{run}/probes/x{scale_factor}.txt",
    benchmark:
        "results/{run}/benchmarks/probes/x{scale_factor}.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=2000,
    params:
        code=lambda wildcards: code_digest("idfsr.stages.probes"),
    shell:
        r"""
        exec &>{log:q}

        idfsr probes \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --model {input.model:q} \
            --embeddings {input.embeddings:q} \
            --assets .assets \
            --probes {output.probes:q} \
            --images {output.images:q} \
            --threads {threads}
        """
