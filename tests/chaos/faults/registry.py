from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import connection

from tests.chaos.diary import Kind
from tests.chaos.stage import Stage

Inflict = Callable[[Stage], None]


@dataclass(frozen=True)
class Fault:
    #: What the round says while it happens.
    name: str
    kind: Kind
    inflict: Inflict
    #: About how long it takes.
    seconds: float
    #: Part of a round of two minutes too.
    vital: bool
    #: Whether this stage has what it takes away.
    possible: Callable[[Stage], bool]


FAULTS: list[Fault] = []


def fault(
    kind: Kind, *, seconds: float, vital: bool = False, possible: Callable[[Stage], bool] = lambda stage: True
) -> Callable[[Inflict], Inflict]:
    """The function's docstring is what the round says while it happens."""

    def register(inflict: Inflict) -> Inflict:
        assert inflict.__doc__
        FAULTS.append(Fault(inflict.__doc__.rstrip("."), kind, inflict, seconds, vital, possible))
        return inflict

    return register


def wait(seconds: float) -> None:
    """What a fault lasts: here time itself is what is wanted, not a condition."""
    time.sleep(seconds)


def came_true(condition: Callable[[], bool], *, within: float) -> bool:
    """Wait for it, also through the loss of the database."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except DatabaseError:
            connection.close()
        time.sleep(0.1)
    return False


def expect(stage: Stage, condition: Callable[[], bool], *, within: float, otherwise: str) -> None:
    """If it does not come true in time, the ledger says `otherwise`."""
    if not came_true(condition, within=within):
        stage.evidence.disappointments.append(otherwise)


def short_round(stage: Stage) -> bool:
    return stage.seconds < 300


def long_round(stage: Stage) -> bool:
    return not short_round(stage)
