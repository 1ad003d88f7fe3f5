"""Signals that ask a training to save its state and end."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

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
