"""Print a script that lets a shell complete `idfsr`: its commands, their options and file names.

Write what it prints into ~/.local/share/bash-completion/completions/idfsr for bash, into a file
_idfsr in a folder of $fpath for zsh, into ~/.config/fish/completions/idfsr.fish for fish, and open
a new shell.

    idfsr completion bash
"""

import argparse
from pathlib import Path

import shtab

from idfsr.main import USER_COMMANDS, build_parser


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="for which")


def _prepare(parser: argparse.ArgumentParser) -> None:
    """Say of paths that they are files, and name the sub-commands, which shtab takes from help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, text in USER_COMMANDS.items():
                action._choices_actions.append(action._ChoicesPseudoAction(name, [], text))
                _prepare(action.choices[name])
        elif action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    parser = build_parser(*USER_COMMANDS)
    _prepare(parser)
    print(shtab.complete(parser, args.shell))
