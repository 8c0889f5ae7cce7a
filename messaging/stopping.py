"""SIGTERM and Ctrl-C: the first asks to finish what has begun, the second stops at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from messaging import watchdog

#: Seconds for the relay and the housekeeping to notice that they are to stop: a batch may wait for its confirms.
STOPPING = 20.0


class Stop:
    """Whether this process has been asked to stop. Made in the main thread, where Python delivers signals.

    `at_once` is called before a second signal ends the process.
    """

    def __init__(self, *, at_once: Callable[[], None] = lambda: None) -> None:
        self.event = threading.Event()
        self._at_once = at_once
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked)

    def wait_while_well(self, ailment: Callable[[], str]) -> str:
        """Wait until asked to stop: ""; or until something is wrong: what that is.

        Ends the process if even this cannot go on.
        """
        while not (found := ailment()):
            watchdog.end_within(watchdog.SILENCE)
            if self.event.wait(1):
                return ""
        return found

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self.event.is_set():
            self._at_once()
            os._exit(1)
        self.event.set()
