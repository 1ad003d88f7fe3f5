"""Locks of this machine, of others and of Slurm's jobs; tests/workflow has two nodes of Slurm."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from idfsr.errors import IdfsrError
from idfsr.io import lock as module
from idfsr.io.lock import Holder, is_live, live_holder, process_runs, take, this_process

OWN = Holder(host="a", pid=1, started=0.0, slurm_cluster="c", slurm_job="7", slurm_restarts=1)


def leave_lock(path: Path, holder: Holder, age: float) -> Path:
    """Write the lock of a process that touched it so many seconds ago."""
    path.mkdir(parents=True)
    file = path / "0123.json"
    file.write_text(json.dumps(dataclasses.asdict(holder)))
    os.utime(file, (time.time() - age,) * 2)
    return file


def test_taken_released_and_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "state/lock"
    lock = take(path)
    assert lock.former is None
    assert [file.name for file in path.parent.iterdir()] == ["lock"]
    lock.check()
    lock.release()
    assert list(path.parent.iterdir()) == []
    lock.release()
    take(path).release()


def test_a_dead_process_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    dead = dataclasses.replace(this_process(), pid=os.getppid(), started=1.0)  # number used again
    leave_lock(path, dead, age=0)
    lock = take(path)
    assert lock.former == dead
    lock.release()
    subprocess.run(
        [sys.executable, "-c", TAKE_AND_DIE, path], check=False, timeout=60, capture_output=True
    )
    lock = take(path)
    assert lock.former is not None
    assert lock.former.log == "a.log"
    lock.release()
    assert list(tmp_path.iterdir()) == []


TAKE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from idfsr.io.lock import take
take(Path(sys.argv[1]), "a.log")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_live_process_of_this_machine_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    parent = dataclasses.replace(this_process(), pid=os.getppid(), slurm_job="12")
    started = module.psutil.Process(os.getppid()).create_time()
    leave_lock(path, dataclasses.replace(parent, started=started), age=10**6)
    words = rf"{tmp_path}: found in use by process {os.getppid()} on .* since .*, Slurm job 12$"
    with pytest.raises(IdfsrError, match=words):
        take(path)
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]
    holder = live_holder(path)
    assert holder is not None
    assert holder.pid == os.getppid()


@pytest.mark.parametrize(("age", "is_taken"), [(0, False), (290, False), (310, True)])
def test_a_process_of_another_machine_is_live_for_five_minutes(
    tmp_path: Path, age: float, *, is_taken: bool
) -> None:
    path = tmp_path / "lock"
    other = dataclasses.replace(this_process(), host="elsewhere")
    leave_lock(path, other, age)
    assert (live_holder(path) is None) == is_taken
    if is_taken:
        lock = take(path)
        assert lock.former == other
        lock.release()
    else:
        with pytest.raises(IdfsrError, match=f"process {os.getpid()} on elsewhere since "):
            take(path)


@pytest.mark.parametrize(("age", "is_taken"), [(0, False), (310, True)])
def test_a_lock_that_a_power_cut_has_emptied_ends_by_age(
    tmp_path: Path, age: float, *, is_taken: bool
) -> None:
    leave_lock(tmp_path / "lock", OWN, age).write_text("")
    os.utime(tmp_path / "lock/0123.json", (time.time() - age,) * 2)
    if is_taken:
        take(tmp_path / "lock").release()
    else:
        with pytest.raises(IdfsrError, match="found in use by an unknown process"):
            take(tmp_path / "lock")


@pytest.mark.parametrize(
    ("changes", "has_ended", "expected"),
    [
        ({"slurm_job": "6"}, True, False),
        ({"slurm_job": "6"}, False, True),
        ({"slurm_job": "6", "slurm_cluster": "other"}, True, True),
        ({"slurm_job": ""}, True, True),
        ({"slurm_restarts": 0}, False, False),
        ({"slurm_restarts": 1}, True, True),
    ],
)
def test_slurm_knows_which_jobs_have_ended(
    changes: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    has_ended: bool,
    expected: bool,
) -> None:
    monkeypatch.setattr(module, "job_has_ended", lambda _: has_ended)
    holder = dataclasses.replace(OWN, host="b", **changes)  # type: ignore[arg-type]
    assert is_live(holder, OWN, 0.0, same_user=True) == expected
    assert not is_live(holder, OWN, 301.0, same_user=True)
    if "slurm_restarts" not in changes:
        assert is_live(holder, OWN, 0.0, same_user=False)


def test_of_many_takers_of_a_dead_lock_one_succeeds(tmp_path: Path) -> None:
    """All have seen the dead holder before the first of them moves its lock."""
    code = TAKE_WHEN_ALL_HAVE_LOOKED
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        leave_lock(folder / "lock", Holder(host="elsewhere", pid=1, started=0.0), 400)
        words = [sys.executable, "-c", code, str(folder), "6"]
        with ThreadPoolExecutor(6) as threads:
            results = list(
                threads.map(
                    lambda _, words=words: subprocess.run(  # type: ignore[misc]
                        words, capture_output=True, text=True, check=False, timeout=120
                    ),
                    range(6),
                )
            )
        outputs = [result.stdout for result in results]
        assert sorted(outputs) == ["refused\n"] * 5 + ["taken\n"], [r.stderr for r in results]


TAKE_WHEN_ALL_HAVE_LOOKED = """
import os, sys, time
from pathlib import Path
from idfsr.errors import IdfsrError
from idfsr.io import lock

folder, num = Path(sys.argv[1]), int(sys.argv[2])
real = lock._move_away

def wait_for(kind):
    (folder / f"{kind}-{os.getpid()}").touch()
    while len(list(folder.glob(f"{kind}-*"))) < num:
        time.sleep(0.005)

def move_when_all_have_looked(path, nonce):
    if nonce == "0123":
        wait_for("looked")
    real(path, nonce)

lock._move_away = move_when_all_have_looked
try:
    lock.take(folder / "lock")
except IdfsrError:
    print("refused", flush=True)
else:
    print("taken", flush=True)
wait_for("done")
"""


def test_the_holder_touches_its_lock_and_notices_when_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.02)
    lock = take(tmp_path / "lock")
    (file,) = (tmp_path / "lock").iterdir()
    os.utime(file, (0, 0))
    deadline = time.monotonic() + 30
    while file.stat().st_mtime == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (tmp_path / "lock").rename(tmp_path / "away")
    other = take(tmp_path / "lock")
    with pytest.raises(IdfsrError, match="found the lock taken over by another process"):
        lock.check()
    lock.release()
    other.check()
    other.release()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(
        IdfsrError, match=r"state: cannot be written to: .*, wanted room for a lock"
    ):
        take(tmp_path / "state/lock")


def test_a_zombie_does_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        started = module.psutil.Process(child.pid).create_time()
        assert process_runs(child.pid, started)
        assert not process_runs(child.pid, started - 60)
        child.kill()
        while module.psutil.Process(child.pid).status() != "zombie":
            time.sleep(0.01)
        assert not process_runs(child.pid, started)
    assert not process_runs(child.pid, started)


def test_nodes_of_slurm_go_by_its_names() -> None:
    variables = {
        "SLURMD_NODENAME": "n2", "SLURM_JOB_ID": "8", "SLURM_CLUSTER_NAME": "c",
        "SLURM_RESTART_COUNT": "3",
    }  # fmt: skip
    holder = this_process(variables)
    assert (holder.host, holder.slurm_job, holder.slurm_cluster) == ("n2", "8", "c")
    assert holder.slurm_restarts == 3
    assert this_process({}).host != "n2"
