"""A real Slurm of two nodes on the loopback interface, for the tests.

All of it stands in one folder; nothing is written elsewhere, no service manager is asked, and each
daemon is stopped by the process that was started. The nodes claim CPUs, memory and GPUs that the
machine does not have, so that the resources of the real profile can be asked for.
"""

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

NODES = ("n1", "n2")
NUM_GPUS = 2
NULL_DEVICE = os.makedev(1, 3)

SLURM_CONF = """\
ClusterName=idfsr
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
MpiDefault=none
SwitchType=switch/none
# Without cgroups: processes are found through /proc and bound to nothing.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=2,bf_interval=5
# A node is given up after 10 s, and what ran on it is queued again.
SlurmdTimeout=10
ReturnToService=2
JobRequeue=1
KillWait={kill_wait}
# Tests ask what became of jobs that ended long ago.
MinJobAge=7200
# Jobs of `urgent` take the nodes from those of `gpu`, which wait in the queue again.
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
NodeName=n[1-2] NodeAddr=127.0.0.1 NodeHostname={host} Port=[{ports[1]}-{ports[2]}] CPUs=16 \
RealMemory=128000 Gres=gpu:{num_gpus}
PartitionName=cpu Nodes=n[1-2] Default=YES MaxTime=1-0 PreemptMode=OFF
PartitionName=gpu Nodes=n[1-2] MaxTime=3-0 PriorityTier=1
PartitionName=urgent Nodes=n[1-2] MaxTime=1:00 PriorityTier=10 PreemptMode=OFF
"""

GRES_CONF = "AutoDetect=off\nNodeName=n[1-2] Name=gpu File={folder}/nvidia[0-{last}]\n"


def wait_until(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Poll until a condition holds; fail with `what` was awaited after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            message = f"waited {seconds} s for {what}"
            raise TimeoutError(message)
        time.sleep(0.25)


def free_ports(num: int) -> range:
    """Return consecutive TCP ports on loopback that are free.

    Each process begins its search elsewhere: of two that look at once, neither has bound its own.
    """
    for first in range(20_000 + os.getpid() % 1000 * num, 30_000, num):
        sockets = [socket.socket() for _ in range(num)]
        try:
            for port, probe in enumerate(sockets, first):
                probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        finally:
            for probe in sockets:
                probe.close()
        return range(first, first + num)
    raise OSError


class Cluster:
    """Slurm's controller and two nodes.

    Args:
        folder: Short, for the names of sockets are bounded; is made.
        kill_wait: Seconds between SIGTERM and SIGKILL.
    """

    def __init__(self, folder: Path, kill_wait: int = 30) -> None:
        self.folder = folder
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("bin", "state", *(f"spool-{node}" for node in NODES)):
            (folder / name).mkdir(parents=True)
        self.conf = folder / "slurm.conf"
        self.conf.write_text(
            SLURM_CONF.format(
                host=socket.gethostname().split(".")[0],
                user=psutil.Process().username(),
                folder=folder,
                ports=free_ports(1 + len(NODES)),
                kill_wait=kill_wait,
                num_gpus=NUM_GPUS,
            )
        )
        (folder / "gres.conf").write_text(GRES_CONF.format(folder=folder, last=NUM_GPUS - 1))
        (folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
        for index in range(NUM_GPUS):  # Slurm wants character devices: twins of /dev/null
            os.mknod(folder / f"nvidia{index}", stat.S_IFCHR | 0o600, NULL_DEVICE)
        self._wrap_srun()

    def _wrap_srun(self) -> None:
        """Give the inner srun of a job the configuration, which the executor takes from it.

        A site has it in /etc/slurm, where it is found without the variable.
        """
        wrapper = self.folder / "bin/srun"
        wrapper.write_text(
            f'#!/bin/sh\nexport SLURM_CONF={self.conf}\nexec {shutil.which("srun")} "$@"\n'
        )
        wrapper.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a shell that talks to this cluster."""
        return os.environ | {
            "SLURM_CONF": str(self.conf),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }

    def run(self, *command: str) -> str:
        """Run a Slurm command and return what it prints."""
        result = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, f"{' '.join(command)}: {result.stderr}{self.last_words()}"
        return result.stdout

    def last_words(self) -> str:
        """Return the end of the controller's log, and its exit status if it has ended."""
        status = self._daemons["slurmctld"].poll()
        log = (self.folder / "slurmctld.log").read_text().splitlines()
        return "\n".join([*log[-20:], f"slurmctld: exit status {status}"])

    def jobs(self, *states: str) -> list[dict[str, str]]:
        """List the jobs in some states, e.g. "RUNNING"; all that Slurm remembers if none is given.

        Returns:
            Of each its id, name, state, partition, gres, rule with wildcards, and node.
        """
        fields = {
            "id": "%i", "name": "%j", "state": "%T", "partition": "%P", "gres": "%b",
            "rule": "%k", "node": "%N",
        }  # fmt: skip
        form = "|".join(fields.values())
        text = self.run("squeue", "-h", "-t", ",".join(states) or "all", "-o", form)
        return [dict(zip(fields, line.split("|"), strict=True)) for line in text.splitlines()]

    def running(self, rule: str) -> list[dict[str, str]]:
        """List the running jobs of one rule."""
        return [job for job in self.jobs("RUNNING") if job["rule"].startswith(f"rule_{rule}")]

    def _spawn(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as output:
            self._daemons[name] = subprocess.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start the daemons and wait until the nodes are idle."""
        self._spawn("slurmctld", "slurmctld", "-D", "-i", "-f", str(self.conf))
        for node in NODES:
            self.start_node(node)

    def start_node(self, node: str) -> None:
        """Start one node, and wait until it takes jobs."""
        self._spawn(node, "slurmd", "-D", "-N", node, "-f", str(self.conf))

        def is_idle() -> bool:
            command = ["sinfo", "-h", "-N", "-n", node, "-p", "gpu", "-o", "%t"]
            result = subprocess.run(
                command, env=self.environment, capture_output=True, text=True, check=False
            )
            return result.stdout.strip() in ("idle", "mix")

        wait_until(is_idle, f"node {node} (see {self.folder}/*.log)")

    def kill_node(self, node: str) -> None:
        """Kill one node as a power cut would: its daemon and all that runs under it."""
        daemon = self._daemons.pop(node)
        daemon.kill()
        daemon.wait()
        for process in psutil.process_iter():
            try:
                environment = process.environ()
                if environment.get("SLURM_CONF") != str(self.conf):
                    continue
                if environment.get("SLURMD_NODENAME") != node:
                    continue
                parent = process.parent()
                if parent is not None and parent.name() == "slurmstepd":
                    parent.kill()
                process.kill()
            except psutil.Error:  # it ended meanwhile
                continue

    def cancel_all(self) -> None:
        """Cancel every job and wait until none is left."""
        self.run("scancel", "--user", psutil.Process().username())
        active = ("PENDING", "RUNNING", "COMPLETING", "SUSPENDED")
        wait_until(lambda: not self.jobs(*active), "jobs to end")

    def stop(self) -> None:
        """Cancel all jobs, stop the daemons and remove the folder."""
        try:
            self.cancel_all()
        finally:
            for daemon in reversed(self._daemons.values()):
                daemon.send_signal(signal.SIGTERM)
            for daemon in self._daemons.values():
                try:
                    daemon.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    daemon.kill()
        shutil.rmtree(self.folder)
