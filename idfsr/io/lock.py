"""A lock beside the files that it protects: one process at a time, on one machine or on several.

A lock is a folder with one file, which says who holds it. It is made under another name and then
renamed, and a rename onto a folder that is not empty fails: of several takers one succeeds, on
shared file systems too. The holder touches the file every minute. A process of this host is known
to be alive or dead; one of another host counts as alive until its last touch is five minutes old,
unless Slurm says that its job has ended.

`filelock` has a lock with a heartbeat too. It was not taken because a process that wants the lock
must watch it for five minutes before it may take it over, and because it knows no Slurm.
"""

import atexit
import dataclasses
import errno
import json
import logging
import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil
from pydantic import TypeAdapter, ValidationError

from idfsr.errors import IdfsrError
from idfsr.io.slurm import job_has_ended

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 60.0
STALE_SECONDS: Final = 300.0
"""How old the last touch of a process on another host may be."""

CLOCK_SECONDS: Final = 2.0
"""How far the start of one process may differ between two looks, when the clock was set."""

IN_USE: Final = (errno.ENOTEMPTY, errno.EEXIST)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Holder:
    """The process that holds a lock."""

    host: str
    pid: int
    started: float
    """When the process was started, in seconds since 1970."""
    slurm_cluster: str = ""
    slurm_job: str = ""
    """Empty outside Slurm, as the name of the cluster."""
    slurm_restarts: int = 0
    """How often Slurm has queued the job again."""
    log: str = ""
    """Of Snakemake; empty for a training."""

    def __str__(self) -> str:
        """Say who it is, as part of a line."""
        since = datetime.fromtimestamp(self.started).astimezone().isoformat(" ", "seconds")
        job = f", Slurm job {self.slurm_job}" if self.slurm_job else ""
        return f"process {self.pid} on {self.host} since {since}{job}"


def this_process(environment: Mapping[str, str] = os.environ, log: str = "") -> Holder:
    """Describe this process; nodes of Slurm go by the name that Slurm has for them."""
    process = psutil.Process()
    return Holder(
        host=environment.get("SLURMD_NODENAME") or socket.gethostname(),
        pid=process.pid,
        started=process.create_time(),
        slurm_cluster=environment.get("SLURM_CLUSTER_NAME", ""),
        slurm_job=environment.get("SLURM_JOB_ID", ""),
        slurm_restarts=int(environment.get("SLURM_RESTART_COUNT", 0)),
        log=log,
    )


def process_runs(pid: int, started: float) -> bool:
    """Say whether a process of this host, known by its number and start, is alive."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(float(process.create_time()) - started) < CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return False


def is_live(holder: Holder, own: Holder, age: float, *, same_user: bool) -> bool:
    """Say whether the holder of a lock is still at work.

    Args:
        holder: Who holds it.
        own: This process, which is not in its own way.
        age: Seconds since the holder touched the lock.
        same_user: Whether it belongs to the user of this process, who can see the job in Slurm.
    """
    if holder.host == own.host:
        return holder.pid != own.pid and process_runs(holder.pid, holder.started)
    if holder.slurm_job and holder.slurm_cluster == own.slurm_cluster:
        if holder.slurm_job == own.slurm_job:
            if holder.slurm_restarts < own.slurm_restarts:
                return False
        elif same_user and job_has_ended(holder.slurm_job):
            return False
    return age < STALE_SECONDS


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Found:
    """A lock as it was seen."""

    nonce: str
    """Different each time that a lock is taken."""
    holder: Holder | None
    """None where the file cannot be read, as after a power cut."""
    touched: float
    same_user: bool

    def is_live(self, own: Holder, now: float) -> bool:
        age = now - self.touched
        if self.holder is None:
            return age < STALE_SECONDS
        return is_live(self.holder, own, age, same_user=self.same_user)


def _look(path: Path) -> _Found | None:
    """Read a lock; None if there is none."""
    try:
        file = next(path.glob("*.json"), None)
        if file is None:
            return None
        text, status = file.read_text(encoding="utf-8"), file.stat()
    except FileNotFoundError:
        return None
    try:
        holder = TypeAdapter(Holder).validate_json(text)
    except ValidationError:
        holder = None
    return _Found(
        nonce=file.stem,
        holder=holder,
        touched=status.st_mtime,
        same_user=status.st_uid == os.getuid(),
    )


def _move_away(path: Path, nonce: str) -> None:
    """Move a lock that was seen with a nonce to a name made of it.

    Of several processes that have seen the same dead holder only the first one can: the others find
    the name in use, and so cannot move the lock that the first one has put in the place.
    """
    try:
        path.rename(path.with_name(f"{path.name}.was-{nonce}"))
    except OSError as error:
        if error.errno not in (*IN_USE, errno.ENOENT):
            raise


class Lock:
    """A lock that this process holds until it is released, or the process ends; see `take`."""

    def __init__(self, path: Path, nonce: str, former: Holder | None) -> None:
        self.former = former
        """The dead process from which it was taken over, if there was one."""
        self._path, self._nonce, self._pid = path, nonce, os.getpid()
        self._file = path / f"{nonce}.json"
        self._released = threading.Event()
        threading.Thread(target=self._touch, daemon=True, name=f"heartbeat {path}").start()
        atexit.register(self.release)

    def _touch(self) -> None:
        while not self._released.wait(HEARTBEAT_SECONDS):
            try:
                os.utime(self._file)
            except FileNotFoundError:
                return  # another process has it: see `check`
            except OSError as error:
                logger.warning("%s: cannot be touched: %s", self._file, error.strerror)

    def check(self) -> None:
        """Check that no other process has taken the lock, as after five minutes of standstill.

        Raises:
            IdfsrError: One has.
        """
        if not self._file.exists():
            message = f"{self._path}: found the lock taken over by another process; this one ends"
            raise IdfsrError(message)

    def release(self) -> None:
        """Let others take the lock; again, or in a child process, it does nothing."""
        if self._released.is_set() or os.getpid() != self._pid:
            return
        self._released.set()
        atexit.unregister(self.release)
        if self._file.exists():
            _move_away(self._path, self._nonce)
        for moved in self._path.parent.glob(f"{self._path.name}.was-*"):
            shutil.rmtree(moved, ignore_errors=True)  # another process may do the same


def take(path: Path, log: str = "") -> Lock:
    """Take a lock, from a dead process too.

    Args:
        path: Where it stands: a folder to make, in one that need not be there yet.
        log: Of Snakemake.

    Raises:
        IdfsrError: Another process holds it: one line that says which.
    """
    own, nonce, former = this_process(log=log), secrets.token_hex(8), None
    candidate = path.with_name(f".{path.name}.{nonce}")
    try:
        candidate.mkdir(parents=True)
    except OSError as error:
        message = f"{path.parent}: cannot be written to: {error.strerror}, wanted room for a lock"
        raise IdfsrError(message) from None
    file = candidate / f"{nonce}.json"
    file.write_text(json.dumps(dataclasses.asdict(own)), encoding="utf-8")
    try:
        while True:
            try:
                candidate.rename(path)
            except OSError as error:
                if error.errno not in IN_USE:
                    raise
            else:
                return Lock(path, nonce, former)
            found = _look(path)
            if found is None:
                continue
            os.utime(file)  # the clock of the file system, by which the other one was touched too
            if found.is_live(own, file.stat().st_mtime):
                message = f"{path.parent}: found in use by {found.holder or 'an unknown process'}"
                raise IdfsrError(message)
            former = found.holder
            _move_away(path, found.nonce)
    finally:
        shutil.rmtree(candidate, ignore_errors=True)  # is gone where it has become the lock


def live_holder(path: Path) -> Holder | None:
    """Return who holds a lock, None if nobody does or the one who did is dead."""
    found = _look(path)
    if found is None or found.holder is None:
        return None
    return found.holder if found.is_live(this_process(), time.time()) else None
