"""What Snakemake shows with the plug-in: real runs, in a pipe and on a pseudo-terminal."""

import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (
    "snakemake", "--cores", "2", "--logger", "idfsr", "--snakefile",
    str(Path(__file__).with_name("mini.smk")),
)  # fmt: skip
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def stages_of(lines: list[str]) -> list[tuple[str, str]]:
    """Return name and number of jobs of the finished stages, in their order."""
    found = (re.match(r" +\d+:\d\d  (\w+) +(\d+ jobs?) +\d+:\d\d   ", line) for line in lines)
    return [(match[1], match[2]) for match in found if match]


def test_a_line_for_each_stage_and_nothing_of_commands_and_jobs(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert stages_of(lines) == [("divide", "1 job"), ("part", "3 jobs"), ("join", "1 job")]
    assert "1 of 3 jobs" in lines[1]  # before the checkpoint nobody knows how many there will be
    assert " left" not in lines[1]
    assert "5 of 7 jobs, less than a minute left" in lines[2]
    assert lines[4].startswith("Took 0:0")
    assert all(f"{rule} 0:0" in lines[4] for rule in ("divide", "part", "join"))
    assert lines[5] == "This is the end."
    assert lines[6].startswith("Complete log(s): ")
    assert len(lines) == 7
    # nothing is lost
    assert (tmp_path / "logs/part-1.txt").read_text().endswith("bar of part 1\n")
    (log,) = (tmp_path / ".snakemake/log").iterdir()
    assert "localrule part:\n" in log.read_text()
    assert "Nothing to be done" in run(tmp_path).stderr


def test_a_failed_job_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    done = run(tmp_path, "--config", "broken=2")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    number = lines.index("part (number=2) failed: see its log")
    assert lines[number - 1] == "A command returned non-zero exit status 3."
    assert lines[number + 1 : number + 4] == [
        "  the end of logs/part-2.txt:", "    bar of part 2", "    it is broken"
    ]  # fmt: skip
    assert "At least one job did not complete successfully." in lines
    assert ("join", "1 job") not in stages_of(lines)
    assert "bar 1" not in done.stderr


def test_a_dry_run_is_as_without_it(tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    without = subprocess.run(
        [*COMMAND[:3], *COMMAND[5:], "--dry-run"], cwd=tmp_path / "without", env=ENVIRONMENT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    done = run(tmp_path, "--dry-run")
    plans = [
        re.sub(r"(?m)^\[.*\]$", "", text.partition("Building DAG of jobs...")[2])  # no dates
        for text in (done.stdout, without.stdout)
    ]
    assert plans[0] == plans[1]
    assert done.stdout.count("    jobid: ") == 3
    assert (done.stderr, without.stderr) == ("", "")


def test_verbose_shows_everything(tmp_path: Path) -> None:
    text = run(tmp_path, "--verbose", "--printshellcmds").stderr
    assert text.count("    jobid: ") == text.count("Finished jobid: ") == 7
    assert text.count("exec &>logs/part-") == 3
    assert "Need to rerun job join because of missing output required by all." in text


def test_a_terminal_has_one_line_of_progress(tmp_path: Path) -> None:
    """It is written over again and again, and gone at the end."""
    main, other = pty.openpty()
    environment = ENVIRONMENT | {"TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        [*COMMAND, "--config", "seconds=1"], cwd=tmp_path, env=environment, stdin=other,
        stdout=other, stderr=other,
    ) as process:  # fmt: skip
        os.close(other)
        text = ""
        while block := read(main):
            text += block
        assert process.wait() == 0
    assert re.search(r" \d of 7 jobs[a-z, ]*  part 0:0\d  part 0:0\d", text)
    seen = screen(text)
    assert stages_of(seen) == [("divide", "1 job"), ("part", "3 jobs"), ("join", "1 job")]
    assert len(seen) == 7, seen
    assert text.count("\x1b[?25h") >= text.count("\x1b[?25l")  # the cursor is back


def read(descriptor: int) -> str:
    """Read from a pseudo-terminal; nothing when the other end is closed."""
    try:
        return os.read(descriptor, 65536).decode(errors="replace")
    except OSError:
        return ""


def screen(text: str) -> list[str]:
    """Return the lines that are left on a terminal of any height."""
    lines, row = [""], 0
    for part in re.split(r"(\r\n|\n|\r|\x1b\[[0-9;?]*[A-Za-z])", text):
        if part in ("\r\n", "\n"):
            row += 1
            if row == len(lines):
                lines.append("")
        elif part == "\x1b[2K":
            lines[row] = ""
        elif up := re.fullmatch(r"\x1b\[(\d*)A", part):
            row -= int(up[1] or 1)
        elif part and not part.startswith(("\x1b", "\r")):
            lines[row] += part
    return [line for line in lines if line.strip()]


def test_interrupted_it_says_so_and_ends(tmp_path: Path) -> None:
    # a shell lets what it runs in the background ignore the signal
    command = ["env", "--default-signal=INT", *COMMAND, "--config", "seconds=60"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=ENVIRONMENT, text=True,
        stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        while not list(tmp_path.glob("logs/part-*.txt")):  # two of the three run at once
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, text = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Terminating processes on user request" in text
    assert "Traceback" not in text
