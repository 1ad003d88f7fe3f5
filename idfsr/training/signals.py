"""Signals that ask a training to save its state and end."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

EXIT_INTERRUPTED = 75
"""Exit status after a signal: "temporary failure" of sysexits.h; the same command goes on."""

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
"""Asking a training to save its state and end; clusters send SIGUSR1 before the time is up."""


class InterruptedTrainingError(SystemExit):
    """One of `SIGNALS` came, and the state is saved."""

    def __init__(self) -> None:
        super().__init__(EXIT_INTERRUPTED)


@contextmanager
def noticed_signals() -> Iterator[list[int]]:
    """Collect `SIGNALS`, so that the step that they fall into is finished first.

    Yields:
        The signals that have come.
    """
    received: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: received.append(number))
        for number in SIGNALS
    }
    try:
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _end_with_parent() -> None:
    while True:
        if signal.sigwaitinfo({signal.SIGTERM}).si_pid == os.getppid():
            os._exit(0)


def outlive_signals(_: int) -> None:
    """Keep a worker of a DataLoader alive when one of `SIGNALS` comes to all processes of a job.

    Slurm, `timeout` and Ctrl-C send it to all of them, and without its workers the training cannot
    finish the step after which it saves its state. A SIGTERM of the training itself still ends the
    worker, as PyTorch has it.
    """
    for number in set(SIGNALS) - {signal.SIGTERM}:
        signal.signal(number, signal.SIG_IGN)
    # blocked, so that a thread may ask who sent it
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    Thread(target=_end_with_parent, daemon=True).start()
