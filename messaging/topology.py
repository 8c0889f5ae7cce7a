"""What must exist in RabbitMQ: one topic exchange, one quorum queue per job, and a place for dead letters.

Every argument is passed explicitly, so that RabbitMQ 3.10 and 4.x, whose defaults differ, behave alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from messaging.jobs import Job

#: RabbitMQ never gives a message up by itself: what kills its workers is found by messaging/quarantine.py, which does
#: not take its neighbours for guilty. RabbitMQ 4 has a limit unless told otherwise, and 3.10 does not know "-1, never".
NEVER = 1_000_000_000


@dataclass(frozen=True)
class Queue:
    name: str
    exchange: str
    routing_keys: tuple[str, ...]
    arguments: dict[str, str | int] = field(hash=False)


@dataclass(frozen=True)
class Topology:
    """The names and arguments of everything that one shop owns in a broker. `prefix` keeps two shops apart."""

    prefix: str
    jobs: tuple[Job, ...]

    @property
    def events_exchange(self) -> str:
        return f"{self.prefix}.events"

    @property
    def dead_exchange(self) -> str:
        return f"{self.prefix}.dead"

    @property
    def dead_letters(self) -> str:
        return f"{self.prefix}.dead_letters"

    def queue_of(self, job_queue: str) -> str:
        """The name in the broker of a job's queue."""
        return f"{self.prefix}.{job_queue}"

    def job_queue(self, broker_queue: str) -> str:
        """The reverse of queue_of()."""
        return broker_queue.removeprefix(f"{self.prefix}.")

    @property
    def queues(self) -> Iterable[Queue]:
        for job in self.jobs:
            yield Queue(
                name=self.queue_of(job.queue),
                exchange=self.events_exchange,
                routing_keys=tuple(event.type for event in job.events),
                arguments={
                    "x-queue-type": "quorum",
                    "x-delivery-limit": NEVER,
                    "x-dead-letter-exchange": self.dead_exchange,
                    # Enough, for whatever a worker rejects has its row in the admin already. At-least-once has workers
                    # in the broker whose crashes can strand every such queue of a node:
                    # https://github.com/rabbitmq/rabbitmq-server/issues/16652
                    "x-dead-letter-strategy": "at-most-once",
                    "x-overflow": "reject-publish",
                },
            )
        yield Queue(
            name=self.dead_letters,
            exchange=self.dead_exchange,
            routing_keys=("#",),
            arguments={"x-queue-type": "quorum", "x-delivery-limit": NEVER, "x-overflow": "reject-publish"},
        )
