"""Jobs that should not have been written. They misbehave where jobs work with others: outside of their transaction."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from datetime import timedelta

from messaging.jobs import job
from messaging.retry import Backoff
from tests.chaos.trouble.events import AppointmentMade, Froze, Leaked, Looped, Vanished

ONCE = Backoff(attempts=1)
TIME_LIMIT = timedelta(seconds=2)
#: The exit code of a job that ends its process.
VANISHED = 70
MEBIBYTE = 1024 * 1024


@job(Looped, retry=ONCE, time_limit=TIME_LIMIT)
def loop(event: Looped) -> Iterator[None]:
    while True:
        time.sleep(0.01)
    yield


@job(Froze, retry=ONCE, time_limit=TIME_LIMIT)
def freeze(event: Froze) -> Iterator[None]:
    time.sleep(3600)
    yield


@job(Vanished, retry=ONCE)
def vanish(event: Vanished) -> Iterator[None]:
    os._exit(VANISHED)
    yield


@job(Leaked, retry=ONCE)
def leak(event: Leaked) -> Iterator[None]:
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        raise AssertionError("This process has no memory limit: the leak would take the whole machine.")
    kept = []
    while True:
        kept.append(bytearray(16 * MEBIBYTE))
    yield


@job(AppointmentMade)
def keep_appointment(event: AppointmentMade) -> None:
    pass
