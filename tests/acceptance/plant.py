"""A relay and workers inside the test's process, on the real broker and database, with jobs made for the test."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import ClassVar
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from messaging.broker import Consumer, Outgoing, Publisher, Subscription, parse
from messaging.events import Event, encode
from messaging.jobs import Job, JobFunction
from messaging.relay import Relay
from messaging.retry import Backoff
from messaging.topology import Topology
from messaging.worker import Worker

QUICKLY = Backoff(first=timedelta(milliseconds=20), attempts=3)


class BellRang(Event, frozen=True):
    type: ClassVar[str] = "tests.bell_rang"
    version: ClassVar[int] = 2
    bell: int


def message(bell: int = 1, *, message_id: UUID | None = None) -> bytes:
    """As a relay would publish it, for `Plant.send`."""
    return encode(
        BellRang(bell=bell), message_id=message_id or uuid4(), source="tests", time=timezone.now(), subject=""
    )


class Plant:
    """Everything between `publish()` and one job."""

    def __init__(
        self, function: JobFunction, *, retry: Backoff = QUICKLY, time_limit: timedelta = timedelta(minutes=1)
    ) -> None:
        self.job = Job(f"tests.{function.__name__}", (BellRang,), function, retry=retry, time_limit=time_limit)
        self.topology = Topology(prefix=f"{settings.MESSAGING['PREFIX']}.{secrets.token_hex(4)}", jobs=(self.job,))
        self.nodes = parse(settings.MESSAGING["AMQP_URL"])

    @contextmanager
    def publisher(self) -> Iterator[Publisher]:
        publisher = Publisher(self.nodes, self.topology)
        publisher.start()
        try:
            publisher.wait_until_ready()
            yield publisher
        finally:
            publisher.close()

    @contextmanager
    def relay(self) -> Iterator[Relay]:
        with self.publisher() as publisher:
            relay = Relay(publisher, threading.Event())
            relay.start()
            try:
                yield relay
            finally:
                relay.stop.set()
                relay.join()

    @contextmanager
    def worker(self, *, concurrency: int = 2) -> Iterator[Worker]:
        worker = Worker(self.nodes, self.topology, jobs=[self.job], concurrency=concurrency)
        worker.consumer.start()
        worker.consumer.wait_until_ready()
        worker.start()
        try:
            yield worker
        finally:
            drained = worker.drain(20)
        assert drained, "A job did not end."

    @contextmanager
    def running(self) -> Iterator[Worker]:
        with self.relay(), self.worker() as worker:
            yield worker

    def send(self, body: bytes, *, message_id: UUID | str = "", copies: int = 1) -> None:
        """Put bytes straight into the job's queue, past the outbox."""
        message = Outgoing("", self.topology.queue_of(self.job.queue), body, str(message_id), "", 1)
        with self.publisher() as publisher:
            confirmed, _ = publisher.publish([message] * copies, timeout=10)
        assert len(confirmed) == copies

    def take_and_vanish(self) -> None:
        """Be a worker that dies with a message in hand."""
        taken = threading.Event()
        name = self.topology.queue_of(self.job.queue)
        one = [Subscription(name, prefetch=1)]
        consumer = Consumer(self.nodes, self.topology, subscriptions=one, deliver=lambda _: taken.set())
        consumer.start()
        assert taken.wait(10), "No message came."
        consumer.close()
