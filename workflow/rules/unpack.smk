"""Data sets of records, of clips or with a table to a folder for each person.

Needs: the files of the data set.
Makes: results/<run>/unpacked/.
"""


rule unpack:
    """Unpack a data set of records, of clips or with a table into people's folders."""
    input:
        config="results/{run}/config/index.json",
    output:
        images=directory("results/{run}/unpacked/images"),
        left_out="results/{run}/unpacked/left_out.tsv",
        listing="results/{run}/unpacked/listing.tsv",
    log:
        "logs/{run}/unpack.txt",
    benchmark:
        "results/{run}/benchmarks/unpack.tsv"
    conda:
        "../../envs/idfsr.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=2880,
    params:
        code=lambda wildcards: code_digest("idfsr.stages.unpack"),
        # So that it runs again when a file of the data set comes, goes or changes.
        sources=lambda wildcards: inputs.sources_digest(settings(wildcards)),
        out_dir=subpath(output.left_out, parent=True),
    shell:
        r"""
        exec &>{log:q}

        idfsr unpack \
            --config {input.config:q} \
            --out-dir {params.out_dir:q} \
            --left-out {output.left_out:q} \
            --listing {output.listing:q} \
            --threads {threads}
        """
