"""The worker: N threads that run jobs on what the consumer delivers, ack after the commit, and drain on request."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from messaging import failures
from messaging.attempt import Verdict, attempt, identify
from messaging.broker import Consumer, Delivery, Nodes, Subscription
from messaging.dead_letters import collect
from messaging.jobs import Job
from messaging.pause import LONGEST_HOLD, Pauses
from messaging.quarantine import Quarantine
from messaging.retry import DependencyDown
from messaging.time_limit import Run, TimeLimitExceeded, TimeLimits
from messaging.topology import Topology
from messaging.watchdog import SteadyThread, first_ailment

logger = logging.getLogger(__name__)

#: Seconds between two looks for a database that has gone: doubled from the first up to the second.
DATABASE_PAUSES = (0.2, 5.0)
#: Seconds to wait after an error of our own, so that a message that we cannot even record does not spin.
BUG_PAUSE = 5.0
#: Seconds between two looks at time limits and pauses.
TICK = 0.25
#: Seconds for RabbitMQ to stop delivering when we stop. What it still sends goes back with the channel.
CANCEL_TIMEOUT = 5.0


class Worker:
    def __init__(self, nodes: Nodes, topology: Topology, *, jobs: Sequence[Job], concurrency: int) -> None:
        self.topology = topology
        self.jobs = {topology.queue_of(job.queue): job for job in jobs}
        self.concurrency = concurrency
        self._deliveries: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"job-{n}", daemon=True) for n in range(concurrency)]
        self._clock = SteadyThread(target=self._watch, name="clock", daemon=True)
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        #: The threads whose job hangs where Python cannot interrupt it.
        self._stuck: set[int | None] = set()
        self._quarantine = Quarantine()
        self._limits = TimeLimits()
        self.consumer = Consumer(nodes, topology, subscriptions=self._subscriptions(), deliver=self._deliveries.put)
        self.pauses = Pauses(self.consumer, again=self._deliveries.put)

    def start(self) -> None:
        """Begin to work on what the consumer, a Link of its own, delivers."""
        for thread in (*self._threads, self._clock):
            thread.start()

    def ailment(self) -> str:
        """Why only a new process helps, in a sentence: a thread has died, or hangs. "" while all is well."""
        if self._stuck:
            return "A job hangs."
        dead = next((thread.name for thread in self._threads if not thread.is_alive()), None)
        return f"The thread {dead} has died." if dead else first_ailment((self.consumer, self._clock))

    def drain(self, timeout: float) -> bool:
        """Finish what has begun, give back the rest, close. False if a job was still running after `timeout` seconds.

        The broker redelivers such a job's message, and its transaction is rolled back with its connection.
        """
        deadline = time.monotonic() + timeout
        self.consumer.stop_consuming(min(timeout, CANCEL_TIMEOUT))
        self._stopping.set()
        self._give_back_waiting()
        for _ in self._threads:
            self._deliveries.put(None)
        for thread in self._threads:
            while thread.is_alive() and thread.ident not in self._stuck and time.monotonic() < deadline:
                thread.join(TICK)
        drained = not any(thread.is_alive() for thread in self._threads if thread.ident not in self._stuck)
        self._stopped.set()
        self.consumer.close()
        return drained

    def _subscriptions(self) -> list[Subscription]:
        # No more in hand than can be worked on: what waits here would suffer with a message that kills the worker.
        most = self.concurrency
        of_jobs = [Subscription(name, min(job.at_once or most, most)) for name, job in self.jobs.items()]
        return [*of_jobs, Subscription(self.topology.dead_letters, most)]

    def _give_back_waiting(self) -> None:
        waiting = self.pauses.let_go()
        while True:
            try:
                delivery = self._deliveries.get_nowait()
            except queue.Empty:
                break
            if delivery is not None:
                waiting.append(delivery)
        for delivery in waiting:
            self.consumer.give_back(delivery)

    def _work(self) -> None:
        while (delivery := self._deliveries.get()) is not None:
            # A delivery of a lost channel is somebody else's by now.
            if delivery.generation == self.consumer.generation and not self.pauses.holds(delivery):
                self._settle(delivery)
        connection.close()

    def _settle(self, delivery: Delivery) -> None:
        try:
            verdict = self._persist(delivery)
        except DependencyDown as error:
            if self._stopping.is_set():
                self.consumer.give_back(delivery)
            else:
                self.pauses.begin(delivery, str(error))
            return
        except Exception:
            logger.exception("A message from %s could not be handled or recorded; it goes back.", delivery.queue)
            connection.close()
            self._stopping.wait(BUG_PAUSE)
            verdict = None
        self.pauses.ended(delivery)
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
            # A delivery of a lost channel is somebody else's by now: RabbitMQ took it back after half an hour, say.
            if self._stopping.wait(pause) or delivery.generation != self.consumer.generation:
                return None
            pause = min(pause * 2, longest)

    def _handle(self, delivery: Delivery) -> Verdict:
        if delivery.queue == self.topology.dead_letters:
            collect(delivery, self.topology)
            return Verdict.ACK
        return attempt(delivery, self.jobs[delivery.queue], quarantine=self._quarantine, limits=self._limits)

    def _watch(self) -> None:
        while not self._stopped.wait(TICK):
            self._clock.beat()
            if not self._stopping.is_set():
                self.pauses.probe()
            for delivery in self.pauses.let_go(in_hand_for=LONGEST_HOLD):
                self._put_back(delivery)
            for run in self._limits.enforce():
                if run.thread not in self._stuck:
                    self._give_up(run)
        connection.close()

    def _put_back(self, delivery: Delivery) -> None:
        """Let it wait in the outbox: RabbitMQ would take it back soon, together with all that this worker has."""
        self._clock.beat()
        try:
            failures.put_back(delivery, self.jobs[delivery.queue].queue, identify(delivery))
            self.consumer.ack(delivery)
        except DatabaseError:
            self.consumer.give_back(delivery)

    def _give_up(self, run: Run) -> None:
        """Write down the attempt of a job that hangs, in its stead. The process must end now: see alive()."""
        self._stuck.add(run.thread)
        error = TimeLimitExceeded()
        error.add_note(f"It could not be interrupted. It hung here:\n{run.where()}")
        duration = timedelta(seconds=time.monotonic() - run.began)
        logger.error("%s hangs; this process ends, so that another can take its place.", run.job.queue)
        try:
            failure = failures.Failure(error, timezone.now() - duration, duration)
            terminal = failures.record(run.delivery, run.job, identify(run.delivery), failure)
        except DatabaseError:
            return  # the message comes again, to the next process
        (self.consumer.reject if terminal else self.consumer.ack)(run.delivery)
