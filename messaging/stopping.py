"""SIGTERM and Ctrl-C: the first asks to finish what has begun, the second stops at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType


class Stop:
    """Whether this process has been asked to stop. Made in the main thread, where Python delivers signals."""

    def __init__(self) -> None:
        self.event = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked)

    def wait_while(self, alive: Callable[[], bool]) -> bool:
        """Wait until asked to stop: True; or until what should be alive is not: False."""
        while alive():
            if self.event.wait(1):
                return True
        return False

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self.event.is_set():
            os._exit(1)
        self.event.set()
