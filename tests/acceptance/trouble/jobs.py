"""Jobs that end, stop and starve their worker. Each run leaves a file, and each that ends well a row."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from django.contrib.auth.models import Group

from messaging.jobs import job
from messaging.retry import Backoff
from tests.acceptance.trouble.events import Asked

#: Where each run leaves its file, and where a test leaves one that is called "go on".
FOLDER = Path(os.environ["TROUBLE_FOLDER"])
#: Seconds.
TIME_LIMIT = float(os.environ.get("TROUBLE_TIME_LIMIT", "60"))
WORK = float(os.environ.get("TROUBLE_WORK", "0.05"))


@job(Asked, time_limit=timedelta(seconds=TIME_LIMIT), retry=Backoff(first=timedelta(hours=1)))
def do(event: Asked) -> Iterator[None]:
    (FOLDER / f"{event.number} {uuid4()}").touch()
    DEEDS[event.deed]()
    yield  # what hangs before it holds no lock on SQLite
    Group.objects.create(name=f"{event.number} {uuid4()}")


def work() -> None:
    time.sleep(WORK)


def wait_for_permission() -> None:
    while not (FOLDER / "go on").exists():
        time.sleep(0.01)


def exit_without_a_word() -> None:
    os._exit(3)


def loop_for_ever() -> None:
    while True:
        time.sleep(0.01)


def hang_in_a_system_call() -> None:
    reading, _ = os.pipe()
    os.read(reading, 1)


def hold_the_interpreter() -> None:
    """As careless regular expressions do: no other thread runs any more, and Python can interrupt nothing."""
    re.match(r"(a|a)*b", "a" * 60)


DEEDS = {
    function.__name__: function
    for function in (
        work,
        wait_for_permission,
        exit_without_a_word,
        loop_for_ever,
        hang_in_a_system_call,
        hold_the_interpreter,
    )
}
