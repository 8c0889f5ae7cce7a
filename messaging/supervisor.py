"""Several worker processes under one: each runs the same command, the dead are replaced, a signal reaches all."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from django.utils.autoreload import StatReloader

from messaging.management.startup import COULD_NOT_START
from messaging.stopping import Stop

logger = logging.getLogger(__name__)

#: Seconds. A process that has lived so long could start, and so can the next one.
SHORTEST_LIFE = 5.0
#: Seconds before one that died sooner is replaced, so that a worker that cannot live does not take a core for dying.
REPLACE_PAUSE = 1.0


class Supervisor:
    def __init__(self, command: Sequence[str], *, processes: int, reload: bool) -> None:
        self._command = command
        self._files = StatReloader() if reload else None
        self._seen: dict[object, float] = {}
        self._children: dict[subprocess.Popen[bytes], float] = {}
        self._processes = processes
        #: Whether a process has shown that it can start.
        self._worked = reload
        self._stop = Stop(at_once=self._kill)

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
        """Start another process for each that has died; its exit code if none can even start."""
        for child, started in list(self._children.items()):
            code = child.poll()
            young = time.monotonic() - started < SHORTEST_LIFE
            if code is None:
                self._worked = self._worked or not young
                continue
            del self._children[child]
            if code == COULD_NOT_START and not self._worked:
                return code
            logger.error("Worker process %d ended with %d; another one takes its place.", child.pid, code)
            if young and self._stop.event.wait(REPLACE_PAUSE):
                break
            self._start()
        return 0

    def _end(self) -> int:
        for child in self._children:
            child.terminate()
        codes = [child.wait() for child in self._children]
        self._children.clear()
        # One that had not come so far as to heed the signal had nothing in hand.
        return max((abs(code) for code in codes if code != -signal.SIGTERM), default=0)

    def _kill(self) -> None:
        for child in list(self._children):
            child.kill()

    def _changed(self) -> bool:
        if self._files is None:
            return False
        before, self._seen = self._seen, dict(self._files.snapshot_files())
        return bool(before) and before != self._seen
