"""Pauses: while what a job needs is away, its messages wait in RabbitMQ, in order, and no attempt is counted.

What is in hand when the pause begins is held. One message at a time is the probe: when its job ends in any other way
than "the dependency is down", the others follow. Staff can pause a queue too; then nothing is probed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from messaging.broker import Consumer, Delivery

logger = logging.getLogger(__name__)

#: Seconds between two probes: doubled from the first up to the second.
PROBE_PAUSES = (1.0, 15.0)
#: Seconds. RabbitMQ takes a message back, with the whole channel, when it is held for half an hour.
LONGEST_HOLD = 600.0


@dataclass
class Pause:
    reason: str
    since: datetime = field(default_factory=timezone.now)
    held: deque[Delivery] = field(default_factory=deque)
    probe: Delivery | None = None
    #: Nothing is held: the next message that comes is the probe.
    fetching: bool = False
    interval: float = PROBE_PAUSES[0]
    next_probe: float = field(default_factory=lambda: time.monotonic() + PROBE_PAUSES[0])


class Pauses:
    """Of one worker. `again` hands a delivery to its threads. Every method is for any thread."""

    def __init__(self, consumer: Consumer, again: Callable[[Delivery], None]) -> None:
        self._consumer = consumer
        self._again = again
        self._lock = threading.RLock()
        self._down: dict[str, Pause] = {}
        self._by_staff: frozenset[str] = frozenset()

    def holds(self, delivery: Delivery) -> bool:
        """Whether a delivery must not be worked on now. Then it is taken care of."""
        with self._lock:
            pause = self._down.get(delivery.queue)
            if delivery.queue in self._by_staff:
                if pause is not None and pause.probe is delivery:
                    pause.probe = None
                self._consumer.give_back(delivery)
                return True
            if pause is None or pause.probe is delivery:
                return False
            if pause.fetching:
                self._consumer.pause(delivery.queue)
                pause.fetching, pause.probe = False, delivery
                return False
            pause.held.append(delivery)
            return True

    def begin(self, delivery: Delivery, reason: str) -> None:
        """The job of this delivery found its dependency down: pause, or go on pausing."""
        with self._lock:
            pause = self._down.get(delivery.queue)
            if pause is None:
                logger.warning("%s is paused: %s", delivery.queue, reason)
                self._consumer.pause(delivery.queue)
                pause = self._down[delivery.queue] = Pause(reason)
            pause.reason = reason
            if pause.probe is delivery:
                pause.probe = None
                pause.interval = min(pause.interval * 2, PROBE_PAUSES[1])
                pause.next_probe = time.monotonic() + pause.interval
            pause.held.appendleft(delivery)

    def ended(self, delivery: Delivery) -> None:
        """The job of this delivery ended in another way; if it was the probe, that ends the pause."""
        with self._lock:
            pause = self._down.get(delivery.queue)
            if pause is None or pause.probe is not delivery:
                return
            logger.info("%s goes on after %.0f s.", delivery.queue, (timezone.now() - pause.since).total_seconds())
            del self._down[delivery.queue]
            if delivery.queue not in self._by_staff:
                self._consumer.resume(delivery.queue)
            for each in pause.held:
                self._again(each)

    def probe(self) -> None:
        """Send out the probes that are due. Call it regularly."""
        with self._lock:
            for queue, pause in self._down.items():
                if queue in self._by_staff:
                    continue
                # What came over a lost connection is somebody else's by now.
                current = self._consumer.generation
                pause.held = deque(each for each in pause.held if each.generation == current)
                if pause.probe is not None and pause.probe.generation != current:
                    pause.probe = None
                if pause.probe is not None or pause.fetching or time.monotonic() < pause.next_probe:
                    continue
                if pause.held:
                    pause.probe = pause.held.popleft()
                    self._again(pause.probe)
                else:
                    pause.fetching = True
                    self._consumer.resume(queue)

    def let_go(self, *, in_hand_for: float = 0.0) -> list[Delivery]:
        """Give up the held deliveries that came this many seconds ago, or earlier, and return them."""
        with self._lock:
            gone = []
            for pause in self._down.values():
                gone += [each for each in pause.held if time.monotonic() - each.received >= in_hand_for]
                pause.held = deque(each for each in pause.held if each not in gone)
            return gone

    def set_by_staff(self, queues: Collection[str]) -> None:
        """Pause these queues, and no others, on behalf of staff."""
        with self._lock:
            before, self._by_staff = self._by_staff, frozenset(queues)
            for queue in self._by_staff - before:
                logger.warning("%s is paused by staff.", queue)
                self._consumer.pause(queue)
                if pause := self._down.get(queue):
                    pause.fetching = False
            for queue in before - self._by_staff:
                logger.info("%s goes on: staff have ended the pause.", queue)
                if queue not in self._down:
                    self._consumer.resume(queue)

    def report(self) -> dict[str, dict[str, str]]:
        """Which queues are paused because a dependency is down: since when, and why."""
        with self._lock:
            return {
                queue: {"since": pause.since.isoformat(), "reason": pause.reason} for queue, pause in self._down.items()
            }
