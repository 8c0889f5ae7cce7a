"""The faults: one function each. It does the damage, waits a while, and repairs what does not repair itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.diary import Kind
from tests.chaos.stage import Stage

Inflict = Callable[[Stage], None]


@dataclass(frozen=True)
class Fault:
    name: str
    kind: Kind
    inflict: Inflict
    #: About how long it takes.
    seconds: float
    #: Whether this stage has what it takes away.
    possible: Callable[[Stage], bool]


FAULTS: list[Fault] = []


def fault(
    kind: Kind, *, seconds: float, possible: Callable[[Stage], bool] = lambda stage: True
) -> Callable[[Inflict], Inflict]:
    """The function's docstring is what the round says while it happens."""

    def register(inflict: Inflict) -> Inflict:
        assert inflict.__doc__
        FAULTS.append(Fault(inflict.__doc__.rstrip("."), kind, inflict, seconds, possible))
        return inflict

    return register


def wait(seconds: float) -> None:
    """What a fault lasts: here time itself is what is wanted, not a condition."""
    time.sleep(seconds)


@fault(Kind.PROGRAM, seconds=5)
def kill_workers(stage: Stage) -> None:
    """A worker is killed (kill -9) each second."""
    for _ in range(5):
        stage.programs.kill(stage.chance.choice(stage.programs.workers))
        wait(1)


@fault(Kind.BROKER, seconds=10)
def stop_broker(stage: Stage) -> None:
    """RabbitMQ's application stops for some seconds."""
    node = stage.chance.choice(stage.nodes)
    node.stop_app()
    wait(5)
    node.start_app()


@fault(Kind.MAIL, seconds=8)
def close_mail_server(stage: Stage) -> None:
    """The mail server is away."""
    stage.mail.away()
    wait(8)
    stage.mail.open()
