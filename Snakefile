"""IDFSR from photographs to Table 1 and Table 2. The demo runs with no options at all."""

import sys
from pathlib import Path

from snakemake.utils import min_version

from idfsr.run.at_work import begin_work, end_work
from idfsr.run.cluster import check_partitions
from idfsr.run.config import check_files, load_config, parse_config
from idfsr.run.estimate import estimate
from idfsr.run.inputs import check_inputs, missing_metrics, one_line_each

min_version("9.27")

if not workflow.configfiles:

    configfile: "config/demo.yaml"


with one_line_each():
    check_files(workflow.configfiles)
    RUN = parse_config(
        config, ", ".join(map(str, workflow.configfiles)) or "configuration"
    )
    if workflow.is_main_process:
        for line in missing_metrics(RUN):
            print(line, file=sys.stderr)
    check_inputs(RUN)
    if workflow.is_main_process:
        for line in estimate(RUN):
            print(line, file=sys.stderr)
EMBEDDED = load_config(Path("config/embedded.yaml"))
CONFIGS = {EMBEDDED.run: EMBEDDED, RUN.run: RUN}


report: "workflow/report/workflow.rst"


# Used with `--sdm apptainer` only.
container: "envs/idfsr.sif"


# One local GPU is not shared; the jobs of a cluster are not serialised by it.
resource_scopes:
    gpu="local",


wildcard_constraints:
    run="|".join(CONFIGS),
    scale_factor="[0-9]+",
    shard="[0-9]{5}",
    batch="[0-9]{5}",
    part="pretrain|test",
    method="[a-z0-9-]+",
    network="[a-z0-9_]+",
    trained="networks/[a-z0-9_]+|lr_detector|pretrain",
    family="[A-Za-z0-9_+-]+",
    # Nobody is called as the benchmark of a batch is.
    identity=r"(?!batch-[0-9]{5}\.tsv)[^/]+",
    paper_figure="fig[0-9]+",
    photographs="[0-9]+",


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/landmarks.smk"
include: "workflow/rules/faces.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/fits.smk"
include: "workflow/rules/restorations.smk"
include: "workflow/rules/probes.smk"
include: "workflow/rules/metrics.smk"
include: "workflow/rules/sheets.smk"
include: "workflow/rules/curves.smk"
include: "workflow/rules/common_figures.smk"
include: "workflow/rules/counts.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/gather.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/networks.smk"


onstart:
    # What a killed Snakemake left unfinished is made anew, also behind the checkpoints, where Snakemake
    # itself does not look: such a file may be whole, but no change of code would be noticed later.
    workflow.async_run(workflow.dag.check_incomplete())
    workflow.async_run(workflow.dag.postprocess())
    on_slurm = workflow.executor_plugin.name == "slurm"
    jobs = list(workflow.dag.needrun_jobs())
    ended = begin_work(runs_of(jobs), log[0], on_slurm=on_slurm)
    for line in ended:
        print(line, file=sys.stderr)
    if on_slurm:
        check_partitions(partitions(jobs))


onsuccess:
    end_work(runs_of(workflow.dag.jobs))


rule all:
    default_target: True
    input:
        f"results/{RUN.run}/report/index.html",
        f"results/{RUN.run}/tables/table1.csv",
        f"results/{RUN.run}/tables/table2.csv",
    localrule: True
