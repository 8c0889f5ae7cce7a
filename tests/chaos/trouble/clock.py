"""A wall clock that jumps: everything in this process, also what C code asks of Python, sees the new time at once.

The monotonic clock goes on as it does when an administrator, or a virtual machine that wakes up, sets the real one.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

#: The variable that names a file with the seconds by which the clock is wrong.
FILE = "CHAOS_CLOCK"
LOOK_EVERY = 0.1


def follow(file: Path) -> None:
    threading.Thread(target=_follow, args=(file,), name="clock", daemon=True).start()


def _follow(file: Path) -> None:
    jump: time_machine.travel | None = None
    before = 0.0
    while not threading.Event().wait(LOOK_EVERY):
        seconds = float(file.read_text() or 0)
        if seconds == before:
            continue
        if jump is not None:
            jump.stop()
            jump = None
        if seconds:
            jump = time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=True)
            jump.start()
        before = seconds
