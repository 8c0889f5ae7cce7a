"""How these programs talk to the person in front of them."""

from __future__ import annotations

import sys
import time

STARTED = time.monotonic()


class CannotGoOn(Exception):
    """Ends the program. The text is one sentence that says what is wrong and what to do about it."""


def say(text: str) -> None:
    """One line, with the seconds since the program's start."""
    print(f"{time.monotonic() - STARTED:6.1f} s  {text}", flush=True)


def complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
