"""A round: faults one by one, then at random, then calm, then the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator

from shop.local.say import say
from tests.chaos.calm import queued, wait_for_calm
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.ledger import Ledger, read_ledger
from tests.chaos.load import Customers
from tests.chaos.report import show
from tests.chaos.stage import Stage

#: Seconds before the first fault, and at least and at most between two.
WARM_UP = 4.0
QUIET = (1.0, 4.0)


def play(stage: Stage, *, seconds: float) -> bool:
    """Whether everything that was promised was kept."""
    began = time.monotonic()
    with Customers(stage.site, seed=stage.seed) as customers:
        time.sleep(WARM_UP)
        for fault in choose(stage, deadline=began + seconds):
            say(f"{fault.name}.")
            with stage.diary.episode(fault.name, fault.kind):
                fault.inflict(stage)
            say(f"  {len(customers.bought)} orders, {len(stage.mail.accepted)} e-mails")
            time.sleep(stage.chance.uniform(*QUIET))
    say("The customers have gone home. Waiting for calm.")
    calm = wait_for_calm(stage)
    stage.programs.stop()  # they drain: nothing more is on its way
    ledger: Ledger = read_ledger(stage.mail.accepted, stage.diary, queued=queued(stage.nodes))
    return show(ledger, customers, stage, calm=calm, seconds=time.monotonic() - began)


def choose(stage: Stage, *, deadline: float) -> Iterator[Fault]:
    """Each that is possible, then any of them, as long as there is time."""
    faults = [fault for fault in FAULTS if fault.possible(stage)]
    stage.chance.shuffle(faults)
    yield from (fault for fault in faults if fits(fault, deadline))
    while fitting := [fault for fault in faults if fits(fault, deadline)]:
        yield stage.chance.choice(fitting)


def fits(fault: Fault, deadline: float) -> bool:
    return time.monotonic() + fault.seconds <= deadline
