"""Judges that know what they judge.

Needs: nothing but settings and the lists of weights.
Makes: results/<run>/tables/judges.csv, leaks.csv.
"""


rule leaks:
    """Say which judges know what they judge."""
    input:
        config="results/{run}/config/leaks.json",
        lists=["config/weights.yaml", "idfsr/weights/weights.yaml"],
    output:
        judges=report(
            "results/{run}/tables/judges.csv",
            category="Tables",
            caption="../report/judges.rst",
            labels={"table": "judges"},
        ),
        leaks="results/{run}/tables/leaks.csv",
    log:
        "logs/{run}/leaks.txt",
    benchmark:
        "results/{run}/benchmarks/leaks.tsv"
    localrule: True
    conda:
        "../../envs/idfsr.yaml"
    params:
        code=lambda wildcards: families.families_code(
            "leaks", *families.families_of(settings(wildcards))
        ),
        methods=lambda wildcards: code_digest(
            *method_modules(*settings(wildcards).methods)
        ),
    shell:
        r"""
        exec &>{log:q}

        idfsr leaks \
            --config {input.config:q} \
            --judges {output.judges:q} \
            --leaks {output.leaks:q}
        """
