"""One training on all GPUs of a Slurm job: an agent of torchrun on each node."""

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from idfsr.training.signals import SIGNALS, InterruptedTrainingError

GRACE_SECONDS: Final = 120
"""What a process has to end its step and save its state, once it is asked or another one ended."""

PORTS: Final = range(10_000, 20_000)
"""Where the nodes of a job meet: the port is a function of the job's number."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobStep:
    """The place of a process in its job; of one that Slurm did not start, that of a lone one."""

    num_nodes: int
    node_rank: int
    num_processes: int
    """On this node: one for each of its GPUs that are the job's."""
    job_id: str
    address: str
    """Of the node on which srun was called, which is the job's first."""

    @property
    def endpoint(self) -> str:
        """Where the nodes meet."""
        return f"{self.address}:{PORTS[int(self.job_id) % len(PORTS)]}"


def read_step(environment: Mapping[str, str]) -> JobStep:
    """Read a job step from the variables that srun sets."""
    return JobStep(
        num_nodes=int(environment.get("SLURM_STEP_NUM_NODES", 1)),
        node_rank=int(environment.get("SLURM_NODEID", 0)),
        num_processes=int(environment.get("SLURM_GPUS_ON_NODE", 1)),
        job_id=environment.get("SLURM_JOB_ID", "0"),
        address=environment.get("SLURM_LAUNCH_NODE_IPADDR", "127.0.0.1"),
    )


def srun_words(num_nodes: int, num_cpus: int) -> list[str]:
    """Return the words that run a command once on each node of a job that has several.

    If one ends, the others have `GRACE_SECONDS`: they may wait for it for ever.
    """
    return [
        "srun",
        f"--nodes={num_nodes}",
        "--ntasks-per-node=1",
        f"--cpus-per-task={num_cpus}",
        f"--wait={GRACE_SECONDS}",
    ]


def launch(step: JobStep, words: Sequence[str]) -> None:
    """Run a sub-command of `idfsr` in the processes of this node, and wait for them.

    Args:
        step: Of several processes, on one node or more.
        words: The sub-command and its arguments.

    Raises:
        InterruptedTrainingError: One of `SIGNALS` came, here or to one of the processes.
        SystemExit: A process failed: with the status of the first one.
    """
    config = LaunchConfig(
        min_nodes=step.num_nodes,
        max_nodes=step.num_nodes,
        nproc_per_node=step.num_processes,
        run_id=step.job_id,
        rdzv_backend="static",
        rdzv_endpoint=step.endpoint,
        rdzv_configs={"rank": step.node_rank},
        max_restarts=0,
        signals_to_handle=",".join(number.name for number in SIGNALS),
        shutdown_timeout=GRACE_SECONDS,
    )
    try:
        elastic_launch(config, sys.executable)("-m", "idfsr.main", *words)
    except SignalException:
        raise InterruptedTrainingError from None
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        sys.exit(failure.exitcode)
