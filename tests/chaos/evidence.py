"""What the faults themselves have seen, for the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Outage:
    """A time without a mail server."""

    queued: int
    #: By how much the attempts of any one message rose, at most.
    most_attempts: int
    #: How many failed jobs there were more at its end.
    more_failed: int


@dataclass
class Evidence:
    #: Messages of strangers that RabbitMQ has taken, by their names in the admin; how many it has taken, repetitions
    #: included; and how many it has refused.
    strange: set[UUID] = field(default_factory=set)
    thrown: int = 0
    refused: int = 0
    #: Events that were published for later: those whose time came while a clock was wrong, and those whose did not.
    appointments: set[UUID] = field(default_factory=set)
    for_later: set[UUID] = field(default_factory=set)
    outages: list[Outage] = field(default_factory=list)
    #: Orders placed while RabbitMQ's cluster had no majority.
    without_majority: list[int] = field(default_factory=list)
    #: Expectations of faults that did not come true.
    disappointments: list[str] = field(default_factory=list)
