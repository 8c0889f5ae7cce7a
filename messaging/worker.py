"""The worker: N threads that run jobs on what the consumer delivers, ack after the commit, and drain on request."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError, connection

from messaging.attempt import Verdict, attempt
from messaging.broker import Consumer, Delivery, Nodes
from messaging.dead_letters import collect
from messaging.jobs import Job
from messaging.topology import Topology

logger = logging.getLogger(__name__)

#: Seconds between two looks for a database that has gone: doubled from the first up to the second.
DATABASE_PAUSES = (0.2, 5.0)
#: Seconds to wait after an error of our own, so that a message that we cannot even record does not spin.
BUG_PAUSE = 5.0


class Worker:
    def __init__(self, nodes: Nodes, topology: Topology, *, jobs: Sequence[Job], concurrency: int) -> None:
        self._topology = topology
        self._jobs = {topology.queue_of(job.queue): job for job in jobs}
        self._deliveries: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, name=f"job-{n}", daemon=True) for n in range(concurrency)]
        self.consumer = Consumer(
            nodes,
            topology,
            queues=[*self._jobs, topology.dead_letters],
            # No more in hand than can be worked on: what waits here would suffer with a message that kills the worker.
            prefetch=concurrency,
            deliver=self._deliveries.put,
        )

    def start(self) -> None:
        """Begin to work on what the consumer, a Link of its own, delivers."""
        for thread in self._threads:
            thread.start()

    def alive(self) -> bool:
        return self.consumer.is_alive() and all(thread.is_alive() for thread in self._threads)

    def drain(self, timeout: float) -> bool:
        """Finish what has begun, give back the rest, close. False if a job was still running after `timeout` seconds.

        The broker redelivers such a job's message, and its transaction is rolled back with its connection.
        """
        deadline = time.monotonic() + timeout
        self.consumer.stop_consuming(timeout)
        self._stopping.set()
        self._give_back_waiting()
        for _ in self._threads:
            self._deliveries.put(None)
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
        self.consumer.close()
        return not any(thread.is_alive() for thread in self._threads)

    def _give_back_waiting(self) -> None:
        while True:
            try:
                delivery = self._deliveries.get_nowait()
            except queue.Empty:
                return
            if delivery is not None:
                self.consumer.give_back(delivery)

    def _work(self) -> None:
        while (delivery := self._deliveries.get()) is not None:
            # A delivery of a lost channel is somebody else's by now.
            if delivery.generation == self.consumer.generation:
                self._settle(delivery)
        connection.close()

    def _settle(self, delivery: Delivery) -> None:
        try:
            verdict = self._persist(delivery)
        except Exception:
            logger.exception("A message from %s could not be handled or recorded; it goes back.", delivery.queue)
            connection.close()
            self._stopping.wait(BUG_PAUSE)
            verdict = None
        if verdict is Verdict.ACK:
            self.consumer.ack(delivery)
        elif verdict is Verdict.REJECT:
            self.consumer.reject(delivery)
        else:
            self.consumer.give_back(delivery)

    def _persist(self, delivery: Delivery) -> Verdict | None:
        """Handle a message until the database has taken the outcome; None if we are to stop before that."""
        pause, longest = DATABASE_PAUSES
        while True:
            try:
                return self._handle(delivery)
            except (OperationalError, InterfaceError) as error:
                logger.warning("The database does not answer; %s waits. %s", delivery.queue, str(error).strip())
                connection.close()
            if self._stopping.wait(pause):
                return None
            pause = min(pause * 2, longest)

    def _handle(self, delivery: Delivery) -> Verdict:
        if delivery.queue == self._topology.dead_letters:
            collect(delivery, self._topology)
            return Verdict.ACK
        return attempt(delivery, self._jobs[delivery.queue])
