"""Commands with files of every wrong kind: each ends well or with one line, none with a traceback.

The files are those of a run (`tests/integrity/kinds.py`), folders, and other bytes. A command gets
its own settings more often than not, so that it comes to its other files.
"""

import argparse
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from idfsr.main import COMMANDS, build_parser, main
from idfsr.run.config import STAGES, parse_config, stage_json
from tests.integrity.kinds import KINDS

NUM_CASES = int(os.environ.get("IDFSR_FUZZ_COMMANDS", "150"))
"""`make fuzz` tries 1,200."""
SECONDS = 120
"""That one command may take."""
LEFT_OUT = {"distribute"}
"""Commands that start other programs."""
INSTALLS = "install"
"""The option of `idfsr assets` that starts pip."""

WORDS = ["bicubic", "idfsr-ft", "codeformer", "psnr", "sface", "ann", "00001", "x", "", "pretrain"]
NUMBERS = ["0", "1", "8", "16", "-1", "7", "99999999999999"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files of every kind, right and wrong, each in a folder of its own."""
    paths = []
    for number, kind in enumerate(KINDS):
        path = tmp_path_factory.mktemp("files") / f"{number}" / kind.name
        path.parent.mkdir()
        kind.write(path)
        paths.append(path)
    folder = tmp_path_factory.mktemp("wrong")
    rng = np.random.default_rng(0)
    wrong = {
        "empty": b"", "noise.parquet": rng.bytes(999), "noise.safetensors": rng.bytes(999),
        "noise.pth": rng.bytes(999), "zip.ckpt": b"PK\x03\x04" + rng.bytes(99), "list.json": b"[1]",
        "null.yaml": b"null", "list.yaml": b"- 1", "text.yaml": b"a: [", "latin.tsv": b"a\tb\n\xe9",
        "number.json": b"1", "nul.csv": b"a,b\n\0", "page.onnx": b"<!doctype html>",
        "deep.json": b"[" * 99_999, "huge.json": b'{"seed": 1e999}', "ragged.csv": b"a\n1,2\n",
        "half.safetensors": b"\xff" * 8 + b"{}", "magic.parquet": b"PAR1" * 4,
    }  # fmt: skip
    for name, data in wrong.items():
        (folder / name).write_bytes(data)
    few = {"synthref": {"num_identities": 1, "num_images": 1, "image_size": 64}}
    for stage in (*STAGES, "restore-codeformer", "restore-idfsr-ft"):
        (folder / f"stage-{stage}.json").write_text(stage_json(parse_config(few, ""), stage))
    return [*paths, *sorted(folder.iterdir()), folder, folder / "none"]


def some_file(
    action: argparse.Action, command: str, files: list[Path], rng: np.random.Generator
) -> Path:
    """Return the file that an option asks for, by its name, or any other."""
    start = f"stage-{command}" if action.dest in ("config", "run_config") else action.dest
    named = [path for path in files if path.name.startswith(start[:11].rstrip("s"))]
    right = named and rng.random() < 0.7
    return named[rng.integers(len(named))] if right else files[rng.integers(len(files))]


def one_value(
    action: argparse.Action, command: str, files: list[Path], rng: np.random.Generator, out: Path
) -> str:
    if action.choices:
        choices = [str(choice) for choice in action.choices if choice != "download"]
        return choices[rng.integers(len(choices))]
    if action.type is int:
        return "1" if action.dest == "threads" else NUMBERS[rng.integers(len(NUMBERS))]
    if action.type is not Path:
        return WORDS[rng.integers(len(WORDS))]
    if any(word in str(action.help) for word in ("write", "fill", "resume")):
        return str(out / f"{action.dest}-{rng.integers(3)}")
    if action.dest == "assets" and rng.random() < 0.8:
        return ".assets"
    return str(some_file(action, command, files, rng))


def words_of(command: str, files: list[Path], rng: np.random.Generator, out: Path) -> list[str]:
    """Return a command line: each required option, some of the others, each with some value."""
    (choice,) = [a for a in build_parser(command)._actions if hasattr(a, "_name_parser_map")]
    parser: Any = choice.choices[command]  # type: ignore[index]
    words = [command]
    kinds = [action for action in parser._actions if hasattr(action, "_name_parser_map")]
    if kinds:
        names = list(kinds[0].choices)
        words.append(names[rng.integers(len(names))])
        parser = kinds[0].choices[words[-1]]
    for action in parser._actions:
        if action.dest in ("help", "kind", INSTALLS, "==SUPPRESS=="):
            continue
        wanted = action.required or not action.option_strings or rng.random() < 0.4
        values = [one_value(action, command, files, rng, out) for _ in range(rng.integers(1, 3))]
        if wanted:
            many = action.nargs in ("+", "*")
            flags = [] if not action.option_strings else [action.option_strings[-1]]
            words += flags if action.nargs == 0 else [*flags, *(values if many else values[:1])]
    return words


@pytest.fixture
def limit() -> Iterator[None]:
    def stop(*_: object) -> None:
        message = f"no end after {SECONDS} seconds"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, stop)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("limit")
def test_no_command_line_gives_a_traceback(
    files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(int(os.environ.get("IDFSR_FUZZ_SEED", "0")))
    commands = [command for command in COMMANDS if command not in LEFT_OUT]
    crashes = []
    for case in range(NUM_CASES):
        words = words_of(commands[case % len(commands)], files, rng, tmp_path)
        signal.alarm(SECONDS)
        try:
            main(words)
        except SystemExit as ended:
            if ended.code not in (0, 2):
                crashes.append(f"status {ended.code}: {' '.join(words)}")
        except BaseException as error:  # noqa: BLE001 - what is looked for
            crashes.append(f"{type(error).__name__}: {error}: {' '.join(words)}")
        signal.alarm(0)
        if "error: " in (text := capsys.readouterr().err):
            last = text[text.rindex("error: ") :].strip()
            if last.count("\n") and "too many" not in last:
                crashes.append(f"{last.count(chr(10)) + 1} lines: {last[:300]}: {' '.join(words)}")
    assert not crashes, "\n\n".join([f"{len(crashes)} of {NUM_CASES}", *crashes])
