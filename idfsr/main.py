"""The `idfsr` command: one sub-command a stage, each a thin layer over one function.

Only the module of the sub-command that runs is imported, so that `--help` and the light stages
do not wait for torch.
"""

import argparse
import difflib
import importlib
import logging
import multiprocessing
import os
import platform
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from idfsr.errors import IdfsrError, describe_failure
from idfsr.run.process import keep_freed_memory, spin_briefly

DESCRIPTION = "Reference-based face super-resolution with identity decoupling and fitting."

USER_COMMANDS = {
    "fit": "fit a person to photographs of your own",
    "restore": "restore a person's face in photographs of your own",
    "ui": "try fit and restore on a page, in a browser",
    "metrics": "compare two folders of images",
    "status": "show what of a run is done, running or failed",
    "leaderboard": "put several runs on one page",
    "export": "write the images of a run as PNG files with their digests",
    "check": "check that an exported folder is whole",
    "forget": "take a person out of a run or a folder of photographs",
    "clean": "remove what a run can make again, to free disk space",
    "weights": "list, check or download published weight files",
    "assets": "check the files of the asset packages",
    "completion": "print a script that completes commands in a shell",
}
"""What users type: sub-command to its one line of help."""

WORKFLOW_COMMANDS = {
    "synthref": "render people in the layout of CelebRef-HQ",
    "unpack": "unpack a data set of records, of clips or with a table of references",
    "index": "list the images of a data set, or why one cannot be used",
    "landmarks": "find faces and measure images",
    "quality": "leave out images that do not serve",
    "split": "draw test identities and halve their images into fit and test",
    "shards": "mask, warp and embed targets into Parquet",
    "pretrain": "train the diffusion model",
    "distribute": "run a training on all GPUs of a Slurm job",
    "fit-people": "fit the ID embeddings of test people",
    "restore-people": "restore the images of test people with one method",
    "probes": "restore with one condition exchanged or left out",
    "exchanges": "restore with another person's z_id and with other references",
    "counts": "restore with a few photographs of each person",
    "truth-features": "ask one network of the metrics of the ground truth",
    "scores": "compute one family of metrics on the restored images of one method",
    "join-scores": "join the scores of one method to one table",
    "leaks": "say which judges of a run know what they judge",
    "tables": "make Table 1 and Table 2",
    "figure": "draw one figure",
    "gather": "gather the images and facts of the HTML report",
    "fig1": "draw the paper's Fig. 1, one person before and after the fit",
    "fig3": "draw the paper's Fig. 3, how little the warp matters",
    "fig4": "draw the paper's Fig. 4, methods side by side",
    "fig5": "draw the paper's Fig. 5, one person's z_id on another's images",
    "fig6": "draw the paper's Fig. 6, one image with several references",
    "fig7": "draw the paper's Fig. 7, how many photographs a fit needs",
    "damages": "restore images that are damaged further",
    "robustness": "draw how results hold under more damage",
    "failures": "show the worst results, and what may be why",
    "confusion": "draw which attributes are taken for which",
    "costs": "measure what a method takes: parameters, operations, time, memory",
    "cost": "draw what each method takes",
    "report": "make the HTML report",
    "crops": "cut aligned faces with labels",
    "id-encoder": "make the embedded ID encoder from dlib's recogniser",
    "synthref-landmarks": "compute the 68 landmarks of rendered people",
    "train": "train a small network, e.g. the ID encoder",
    "embed": "put a trained network into the package",
    "schema": "write the JSON schema of the settings",
}
"""What the workflow types, in its order; then what makes the package's own files."""

COMMANDS = USER_COMMANDS | WORKFLOW_COMMANDS
"""All of them; the module of one is `idfsr.stages.<name>`."""

EXIT_BAD_INPUT = 2


def list_commands() -> str:
    """Return the commands with a line of help each, in two groups, for the help of `idfsr`."""
    groups = {
        "what users type": USER_COMMANDS,
        "what the workflow types (snakemake prints each with its arguments)": WORKFLOW_COMMANDS,
    }
    return "\n\n".join(
        "\n".join([f"{title}:", *(f"  {name:20}{text}" for name, text in commands.items())])
        for title, commands in groups.items()
    )


def build_parser(*complete: str | None) -> argparse.ArgumentParser:
    """Build the parser, complete for some sub-commands and with names only for the others.

    Args:
        complete: The sub-command that will run, if it is known.
    """
    parser = argparse.ArgumentParser(
        prog="idfsr",
        usage="idfsr [-h] [--version] command ...",
        description=f"{DESCRIPTION}\n\n{list_commands()}",
        epilog="`idfsr <command> --help` says what a command reads and makes.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"idfsr {version('idfsr')}")
    subparsers = parser.add_subparsers(
        dest="command", required=True, metavar="command", help="one of the above", prog="idfsr"
    )
    for name in COMMANDS:
        if name not in complete:
            subparsers.add_parser(name)
            continue
        module = importlib.import_module(f"idfsr.stages.{name.replace('-', '_')}")
        subparser = subparsers.add_parser(
            name,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.register(subparser)
        subparser.set_defaults(run=module.run)
    return parser


def _end_by_signal(number: int, _frame: object) -> None:
    """End the workers, then as after an error, so that what is half-written is removed."""
    for worker in multiprocessing.active_children():
        worker.kill()
    sys.exit(128 + number)


def _fail(command: str, message: str, status: int = EXIT_BAD_INPUT) -> NoReturn:
    print(f"idfsr {command}: error: {message}", file=sys.stderr)
    sys.exit(status)


def _end_quietly() -> NoReturn:
    """End where nobody reads on, as behind `| head`; Python would complain as it closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(128 + signal.SIGPIPE)


def _parse(command: str, words: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; words may stand behind options too, where a command takes some."""
    if not command:
        build_parser(None).print_help()
        sys.exit(EXIT_BAD_INPUT)
    if not command.startswith("-") and command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"did you mean `idfsr {near[0]}`?" if near else "`idfsr --help` lists them"
        print(f"idfsr: error: {command}: no such command, {hint}", file=sys.stderr)
        sys.exit(EXIT_BAD_INPUT)
    parser = build_parser(command)
    args, others = parser.parse_known_args(words)
    if others and (not hasattr(args, "words") or any(word.startswith("-") for word in others)):
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if others:
        args.words = [*args.words, *others]
    return args


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a mistake of the user's is one line on stderr and status 2."""
    if sys.platform == "win32":
        _fail("", "found Windows, wanted Linux; Windows' WSL has not been tried")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    keep_freed_memory()
    spin_briefly()
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # a rule may have it ignored
        signal.signal(signal.SIGTERM, _end_by_signal)
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        found = f"{sys.platform} {platform.machine()}"
        print(f"idfsr: not tried on {found}, only on Linux x86-64", file=sys.stderr)
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = words[0] if words else ""
    try:
        args = _parse(command, words)
        if getattr(args, "threads", 1) < 1:
            _fail(command, f"--threads: found {args.threads}, wanted 1 or more")
        args.run(args)
        sys.stdout.flush()
    except IdfsrError as error:
        _fail(command, str(error))
    except KeyboardInterrupt:
        _fail(command, "interrupted", 128 + signal.SIGINT)
    except BrokenPipeError:
        _end_quietly()
    except Exception as error:
        if line := describe_failure(error):
            _fail(command, line)
        raise


if __name__ == "__main__":
    main()
