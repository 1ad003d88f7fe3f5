"""Run a training on all GPUs of a Slurm job, with a process for each GPU.

On one GPU it runs the command as it is. On several nodes it calls itself on each of them by srun,
and torchrun starts the processes. When they are asked to stop, they save the state, and this
command ends with status 75, as the training alone does. Otherwise it ends with the status of the
first process that failed.

    idfsr distribute --nodes 2 --cpus 8 -- pretrain --config pretrain.json --shards a.parquet
"""

import argparse
import os
import sys

from idfsr.main import build_parser
from idfsr.training.launch import launch, read_step, srun_words


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--nodes", type=int, default=1, help="nodes of the job")
    add("--cpus", type=int, default=1, help="CPUs of the job on each node, if there are several")
    add("words", nargs="+", metavar="command", help="the command and its arguments, after --")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    if args.nodes > 1:
        again = [sys.executable, "-m", "idfsr.main", "distribute", "--", *args.words]
        words = [*srun_words(args.nodes, args.cpus), *again]
        os.execvp(words[0], words)  # noqa: S606 -- no shell is wanted
    step = read_step(os.environ)
    if step.num_nodes * step.num_processes > 1:
        launch(step, args.words)
        return
    command = build_parser(args.words[0]).parse_args(args.words)
    command.run(command)
