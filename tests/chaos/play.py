"""A round: faults one by one, then at random, then calm, then the ledger."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

from shop.local.say import CannotGoOn, say
from tests.chaos.calm import queued, wait_for_calm
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.faults.registry import short_round
from tests.chaos.ledger import read_ledger
from tests.chaos.report import show
from tests.chaos.stage import Stage

#: Seconds before the first fault, and at least and at most between two.
WARM_UP = 4.0
QUIET = (1.0, 4.0)
QUIET_OF_A_SHORT_ROUND = (0.5, 1.5)


def play(stage: Stage, *, only: Collection[str]) -> bool:
    """Whether everything that was promised was kept. `only` names the faults, if not all are wanted."""
    faults = possible_faults(stage, only)
    began = time.monotonic()
    with stage.customers:
        time.sleep(WARM_UP)
        for fault in choose(faults, stage, deadline=began + stage.seconds):
            say(f"{fault.name}.")
            inflict(fault, stage)
            say(f"  {len(stage.customers.bought)} orders, {len(stage.mail.accepted)} e-mails")
            time.sleep(stage.chance.uniform(*(QUIET_OF_A_SHORT_ROUND if short_round(stage) else QUIET)))
    say("The customers have gone home. Waiting for calm.")
    calm = wait_for_calm(stage)
    stage.programs.stop()  # they drain: nothing more is on its way
    ledger = read_ledger(stage, queued=queued(stage.nodes))
    return show(ledger, stage, faults, calm=calm, seconds=time.monotonic() - began)


def inflict(fault: Fault, stage: Stage) -> None:
    try:
        with stage.diary.episode(fault.name, fault.kind):
            fault.inflict(stage)
    except CannotGoOn as error:
        say(f"  It could not be done: {error}")
        stage.evidence.disappointments.append(f"A fault could not be inflicted: {fault.name}")


def possible_faults(stage: Stage, only: Collection[str]) -> list[Fault]:
    names = {fault.inflict.__name__ for fault in FAULTS}
    if unknown := set(only) - names:
        raise CannotGoOn(f"No fault is named {', '.join(sorted(unknown))}. There are: {', '.join(sorted(names))}.")
    faults = [fault for fault in FAULTS if fault.possible(stage)]
    return [fault for fault in faults if fault.inflict.__name__ in only] if only else faults


def choose(faults: list[Fault], stage: Stage, *, deadline: float) -> Iterator[Fault]:
    """Each once, the vital ones first, then any of them, as long as there is time."""
    stage.chance.shuffle(faults)
    yield from (fault for fault in sorted(faults, key=lambda fault: not fault.vital) if fits(fault, deadline))
    while fitting := [fault for fault in faults if fits(fault, deadline)]:
        yield stage.chance.choice(fitting)


def fits(fault: Fault, deadline: float) -> bool:
    return time.monotonic() + fault.seconds <= deadline
