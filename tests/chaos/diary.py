"""What was done to the shop, and when. The ledger explains second copies and failed checkouts by it."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

#: How long a fault may still be felt after its end: a page that waited for the database fails a moment later.
AFTERMATH = timedelta(seconds=5)


class Kind(enum.Enum):
    """What a fault takes away."""

    BROKER = "broker"
    DATABASE = "database"
    MAIL = "mail server"
    PROGRAM = "worker or relay"
    WEB = "web server"
    CLOCK = "clock"
    MESSAGE = "message"


@dataclass
class Episode:
    name: str
    kind: Kind
    began: datetime
    ended: datetime | None = None

    def felt(self, begin: datetime, end: datetime) -> bool:
        """Whether something that lasted from `begin` to `end` may have suffered from it."""
        return begin <= (self.ended or now()) + AFTERMATH and end >= self.began


@dataclass(frozen=True)
class Death:
    """A worker lived at the first moment, and no longer at the second."""

    alive: datetime
    dead: datetime
    #: It did not drain: what it was doing is half done.
    sudden: bool


@dataclass
class Diary:
    episodes: list[Episode] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)

    @contextmanager
    def episode(self, name: str, kind: Kind) -> Iterator[None]:
        episode = Episode(name, kind, now())
        self.episodes.append(episode)
        try:
            yield
        finally:
            episode.ended = now()

    def felt(self, kind: Kind, begin: datetime, end: datetime) -> bool:
        return any(each.kind is kind and each.felt(begin, end) for each in self.episodes)

    def a_worker_died(self, begin: datetime, end: datetime) -> bool:
        return any(death.sudden and begin <= death.dead and death.alive <= end for death in self.deaths)

    def the_database_died(self, begin: datetime, end: datetime) -> bool:
        """No aftermath here: what is committed after its end is committed."""
        databases = [each for each in self.episodes if each.kind is Kind.DATABASE]
        return any(each.began <= end and begin <= (each.ended or now()) for each in databases)


def now() -> datetime:
    return datetime.now(UTC)
