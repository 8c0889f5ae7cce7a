"""Never alive and idle: threads that must go on say so, and the process ends when one of them does not.

Whoever runs a worker sees only whether its process lives. A thread that has died, or hangs in a system call, in a lock
or in a dead connection, must not hide behind that: another process does its work better than this one.
"""

from __future__ import annotations

import faulthandler
import sys
import threading
import time
import traceback
from collections.abc import Iterable

#: Seconds without a beat after which a thread is taken to hang. Longer than anything that a SteadyThread may wait for:
#: the confirms of a batch, SQLite's lock.
SILENCE = 60.0


class SteadyThread(threading.Thread):
    """A thread that never waits for long, and calls beat() each time around."""

    def start(self) -> None:
        self.beat()
        super().start()

    def beat(self) -> None:
        self._last_beat = time.monotonic()

    def ailment(self) -> str:
        """What is wrong with it, in a sentence; "" if it goes on."""
        if not self.is_alive():
            return f"The thread {self.name} has died."
        silent = time.monotonic() - self._last_beat
        if silent <= SILENCE:
            return ""
        return f"The thread {self.name} has not moved for {silent:.0f} s. It hangs here:\n{where(self.ident)}"


def first_ailment(threads: Iterable[SteadyThread]) -> str:
    return next(filter(None, (thread.ailment() for thread in threads)), "")


def where(thread: int | None) -> str:
    """What a thread is doing: its stack."""
    frame = sys._current_frames().get(thread) if thread is not None else None
    return "".join(traceback.format_stack(frame)) if frame else ""


def end_within(seconds: float) -> None:
    """End this process with exit code 1 after so many seconds, unless this is called again before.

    It needs no Python to go on: also a regular expression that never ends, which keeps every thread from running and
    lets no heartbeat out, ends here. All stacks are in the log then.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)
