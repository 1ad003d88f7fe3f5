"""A workflow of seconds, with a checkpoint, for the tests of what is shown."""

from snakemake_logger_plugin_idfsr import SHOWN, JobsLeft


rule all:
    input:
        "all.txt",


checkpoint divide:
    output:
        "parts.txt",
    log:
        "logs/divide.txt",
    benchmark:
        "benchmarks/divide.tsv"
    shell:
        "echo the bar of divide &>{log}; printf '1\\n2\\n3\\n' >{output}"


def parts(wildcards):
    names = open(checkpoints.divide.get().output[0]).read().split()
    return [f"part-{name}.txt" for name in names]


rule settings:
    output:
        "settings.txt",
    shell:
        "touch {output}"


rule part:
    input:
        "settings.txt",
    output:
        "part-{number}.txt",
    log:
        "logs/part-{number}.txt",
    benchmark:
        "benchmarks/part-{number}.tsv"
    params:
        broken=config.get("broken", ""),
        seconds=config.get("seconds", 0),
    shell:
        r"""
        exec &>{log}
        printf 'bar 1\rbar 2\rbar of part {wildcards.number}\n'
        sleep {params.seconds}
        [[ {wildcards.number} != "{params.broken}" ]] || {{ echo it is broken; exit 3; }}
        touch {output}
        """


rule join:
    input:
        parts,
    output:
        "all.txt",
    log:
        "logs/join.txt",
    benchmark:
        "benchmarks/join.tsv"
    shell:
        "cat {input} >{output} 2>{log}"


onstart:
    logger.addFilter(JobsLeft(workflow.dag))


onsuccess:
    logger.info("This is the end.", extra=SHOWN)
