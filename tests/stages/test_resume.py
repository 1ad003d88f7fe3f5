"""The whole of it is in tests/workflow/test_slurm.py."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from idfsr.main import main


def test_refuses_while_snakemake_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Snakefile").write_text("rule wait:\n    shell:\n        'sleep 60'\n")
    environment = os.environ | {"SNAKEMAKE_PROFILE": ""}
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    with subprocess.Popen(command, env=environment, start_new_session=True) as snakemake:
        time.sleep(0.5)  # seconds; its command line is there from the start
        with pytest.raises(SystemExit) as caught:
            main(["resume", "--", "--cores", "1"])
        snakemake.kill()
    assert caught.value.code == 2
    assert f"found Snakemake at work, process {snakemake.pid}" in capsys.readouterr().err
