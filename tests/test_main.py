"""The command line: every sub-command teaches, and a user's mistake is one line."""

import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from idfsr.main import COMMANDS, USER_COMMANDS, WORKFLOW_COMMANDS, build_parser, main


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: idfsr {command}" in text
    source = Path(f"idfsr/stages/{command.replace('-', '_')}.py").read_text()
    assert source.removeprefix("r").split('"""')[1].strip() in text  # as it was written
    examples = re.findall(r"^ {4}(idfsr .+)$", text.replace("\\\n", ""), re.MULTILINE)
    assert examples
    for example in examples:
        assert build_parser(command).parse_args(shlex.split(example)[1:]).command == command


def test_help_lists_every_command_once_in_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    users, workflow = capsys.readouterr().out.split("what the workflow types")
    listed = [
        re.findall(r"^  ([a-z][a-z0-9-]+) {2,}\S", text, re.MULTILINE) for text in (users, workflow)
    ]
    assert listed[0] == list(USER_COMMANDS)
    assert [name for name in listed[1] if name != "command"] == list(WORKFLOW_COMMANDS)
    found = {path.stem.replace("_", "-") for path in Path("idfsr/stages").glob("[a-z]*.py")}
    assert found == set(COMMANDS)


def test_a_bare_call_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert capsys.readouterr().out == build_parser(None).format_help()


@pytest.mark.parametrize(
    ("command", "hint"),
    [("restroe", "did you mean `idfsr restore`?"), ("xyz", "`idfsr --help` lists them")],
)
def test_a_command_that_is_none_is_one_line(
    command: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "a.jpg"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == f"idfsr: error: {command}: no such command, {hint}\n"


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"idfsr {version('idfsr')}\n"


def test_only_the_command_that_runs_is_imported(tmp_path: Path) -> None:
    code = "import sys; from idfsr.main import main; main(['schema', '--schema', sys.argv[1]])"
    code += "; sys.exit('torch' in sys.modules or 'idfsr.stages.pretrain' in sys.modules)"
    schema = tmp_path / "schema.json"
    subprocess.run([sys.executable, "-c", code, str(schema)], check=True)
    assert schema.stat().st_size > 0
    assert build_parser(None).parse_args(["split"]).command == "split"


def test_bad_input_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["assets", "--assets", str(tmp_path)])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("idfsr assets: error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "line", "status"),
    [
        (
            OSError(28, "No space left on device", "out/a"),
            "out/a: No space left on device: make",
            2,
        ),
        (PermissionError(13, "Permission denied", "a"), "a: Permission denied: wanted perm", 2),
        (MemoryError(), "not enough memory: wanted a machine with more", 2),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "not enough memory", 2),
        (KeyboardInterrupt(), "interrupted", 130),
    ],
)
def test_what_the_machine_cannot_give_is_one_line(
    error: BaseException,
    line: str,
    status: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr("idfsr.stages.assets.run", fail)
    with pytest.raises(SystemExit) as caught:
        main(["assets"])
    assert caught.value.code == status
    text = capsys.readouterr().err
    assert text.startswith(f"idfsr assets: error: {line}")
    assert text.count("\n") == 1


def test_other_errors_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        message = "ours"
        raise ValueError(message)

    monkeypatch.setattr("idfsr.stages.assets.run", fail)
    with pytest.raises(ValueError, match="ours"):
        main(["assets"])


def test_no_threads_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(shlex.split("fit --identity-dir a --out b --threads 0"))
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("error: --threads: found 0, wanted 1 or more\n")


def test_behind_head_it_ends_quietly() -> None:
    command = "for i in 1 2 3 4 5 6 7 8 9; do idfsr weights list; done | head -1"
    shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert shown.stdout.count("\n") == 1
    assert shown.stderr == ""
