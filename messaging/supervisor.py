"""Several worker processes under one: each runs the same command, the dead are replaced, a signal reaches all."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Sequence

from django.utils.autoreload import StatReloader

from messaging.stopping import Stop

logger = logging.getLogger(__name__)

#: Seconds. A process that fails sooner could not start, and another one would not either.
SHORTEST_LIFE = 5.0


class Supervisor:
    def __init__(self, command: Sequence[str], *, processes: int, reload: bool) -> None:
        self._command = command
        self._files = StatReloader() if reload else None
        self._seen: dict[object, float] = {}
        self._children: dict[subprocess.Popen[bytes], float] = {}
        self._processes = processes
        self._stop = Stop()

    def run(self) -> int:
        """Run until told to stop; return the exit code: 0 only if every process drained in time."""
        self._changed()
        for _ in range(self._processes):
            self._start()
        while not self._stop.event.wait(0.5):
            if self._changed():
                logger.info("The code has changed; the workers start anew.")
                self._end()
                for _ in range(self._processes):
                    self._start()
            if code := self._replace_dead():
                self._end()
                return code
        return self._end()

    def _start(self) -> None:
        # In a session of its own a worker does not see the terminal's Ctrl-C twice: we pass it on.
        child = subprocess.Popen([sys.executable, *self._command], start_new_session=True)
        self._children[child] = time.monotonic()

    def _replace_dead(self) -> int:
        """Start another process for each that has died; its exit code if one could not even start."""
        for child, started in list(self._children.items()):
            code = child.poll()
            if code is None:
                continue
            del self._children[child]
            if code > 0 and time.monotonic() - started < SHORTEST_LIFE and self._files is None:
                return code
            logger.error("Worker process %d ended with %d; another one takes its place.", child.pid, code)
            self._start()
        return 0

    def _end(self) -> int:
        for child in self._children:
            child.terminate()
        codes = [child.wait() for child in self._children]
        self._children.clear()
        return max((abs(code) for code in codes), default=0)

    def _changed(self) -> bool:
        if self._files is None:
            return False
        before, self._seen = self._seen, dict(self._files.snapshot_files())
        return bool(before) and before != self._seen
