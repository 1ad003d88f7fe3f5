"""`idfsr completion`: the script in a real bash; the others as far as they can be read."""

import subprocess
from pathlib import Path

import pytest

from idfsr.main import USER_COMMANDS, main

ASK = """
source script.bash
ask() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _shtab_idfsr
    echo "${COMPREPLY[@]}"
}
ask idfsr re
ask idfsr ""
ask idfsr export --o
ask idfsr completion ""
ask idfsr check scr
"""


def test_bash_completes_commands_options_choices_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["completion", "bash"])
    (tmp_path / "script.bash").write_text(capsys.readouterr().out)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", ASK], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["restore"]
    assert set(lines[1]) == set(USER_COMMANDS)
    assert lines[2:] == [["--out"], ["bash", "zsh", "fish"], ["script.bash"]], done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_know_every_command(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["completion", shell])
    script = capsys.readouterr().out
    assert [name for name in USER_COMMANDS if name not in script] == []
    assert "identity-dir" in script
