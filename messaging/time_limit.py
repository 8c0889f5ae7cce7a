"""Time limits: a job that runs too long is interrupted where Python can, and otherwise costs its process its life.

Python raises an exception in another thread only while that thread executes bytecode. A thread that hangs in a system
call stays there; then the worker stops as on SIGTERM, and whoever has started it starts another one.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from messaging.broker import Delivery
from messaging.jobs import Job
from messaging.watchdog import where

#: Seconds that an interrupted job gets to end.
GRACE = 5.0


class TimeLimitExceeded(BaseException):
    """Raised in a job that has run too long. No Exception, so that a job does not take it for an error of its own."""

    def __init__(self) -> None:
        super().__init__("The job ran longer than its time limit.")


@dataclass
class Run:
    job: Job
    delivery: Delivery
    thread: int
    began: float
    interrupted: bool = False

    def overdue(self) -> float:
        """Seconds by which the time limit is exceeded; negative before."""
        return time.monotonic() - self.began - self.job.time_limit.total_seconds()

    def where(self) -> str:
        """What the thread is doing."""
        return where(self.thread)


class TimeLimits:
    """The runs of one worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[int, Run] = {}

    @contextmanager
    def watch(self, delivery: Delivery, job: Job) -> Iterator[None]:
        thread = threading.get_ident()
        with self._lock:
            self._runs[thread] = Run(job, delivery, thread, began=time.monotonic())
        try:
            yield
        finally:
            with self._lock:
                del self._runs[thread]
                # One that is on its way must not hit what comes next.
                raise_in(thread, None)

    def enforce(self) -> list[Run]:
        """Interrupt the runs that exceed their limit; return those that did not end after that. Call it regularly."""
        with self._lock:
            for run in self._runs.values():
                if run.overdue() > 0 and not run.interrupted:
                    run.interrupted = True
                    raise_in(run.thread, TimeLimitExceeded)
            return [run for run in self._runs.values() if run.overdue() > GRACE]


def raise_in(thread: int, exception: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(exception) if exception else None
    )
