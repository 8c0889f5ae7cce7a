"""One demo, and one shop, at a time in each checkout: they share a folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from shop.local.paths import RUN
from shop.local.say import CannotGoOn


@contextmanager
def only_one(name: str) -> Iterator[None]:
    RUN.mkdir(exist_ok=True)
    with (RUN / f"{name}.lock").open("w") as file:
        try:
            # The kernel lets go of it when the process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotGoOn(f"`make {name}` is already running in this checkout: stop that one first.") from error
        yield
