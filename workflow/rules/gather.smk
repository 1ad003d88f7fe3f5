"""The images and facts that the HTML report shows.

Needs: results/<run>/shards/, restored/, fit/, metrics/, benchmarks/.
Makes: results/<run>/report/faces/x<scale factor>/, people/, facts.json.
"""


rule gather_faces:
    """Put the images of one scale factor together, for the viewer of the page."""
    input:
        config="results/{run}/config/report.json",
        shards=test_shards,
        restored=lambda wildcards: plan(wildcards).restored(
            int(wildcards.scale_factor), settings(wildcards).methods
        ),
    output:
        folder=directory("results/{run}/report/faces/x{scale_factor}"),
    log:
        "logs/{run}/report/faces-x{scale_factor}.txt",
    benchmark:
        "results/{run}/benchmarks/report/faces-x{scale_factor}.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.gather"),
    shell:
        r"""
        exec &>{log:q}

        idfsr gather faces \
            --config {input.config:q} \
            --shards {input.shards:q} \
            --restored {input.restored:q} \
            --folder {output.folder:q}
        """


rule gather_people:
    """Put the photographs and the fits of the people together, for the page."""
    input:
        shards=truth_shards,
        fits=lambda wildcards: plan(wildcards).fits(),
    output:
        folder=directory("results/{run}/report/people"),
    log:
        "logs/{run}/report/people.txt",
    benchmark:
        "results/{run}/benchmarks/report/people.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.gather"),
    shell:
        r"""
        exec &>{log:q}

        idfsr gather people \
            --shards {input.shards:q} \
            --fits {input.fits:q} \
            --folder {output.folder:q}
        """


rule gather_facts:
    """Say when, on what and with which code the numbers of the tables were made."""
    input:
        table1="results/{run}/tables/table1.csv",
        # A batch in which all are current overwrites its time with that of looking.
        benchmarks=ancient(lambda wildcards: plan(wildcards).benchmarks()),
    output:
        facts="results/{run}/report/facts.json",
    log:
        "logs/{run}/report/facts.txt",
    benchmark:
        "results/{run}/benchmarks/report/facts.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: code_digest("idfsr.stages.gather"),
    shell:
        r"""
        exec &>{log:q}

        idfsr gather facts \
            --benchmarks {input.benchmarks:q} \
            --facts {output.facts:q}
        """
