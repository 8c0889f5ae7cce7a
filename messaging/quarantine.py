"""A message that kills its worker must not take its neighbours with it.

When a worker dies, RabbitMQ delivers again all that it had in hand, and nobody knows which message it was. So a message
that comes again is noted as begun, in the database, until its job has ended. One whose job began and never ended runs
alone from then on, so that the next death can be nobody else's fault; after CRASHES of them it is put aside.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from messaging.models import Suspect

#: Runs that began and did not end.
CRASHES = 5


class CrashLoop(Exception):
    """The message has ended every worker that tried it."""


class Quarantine:
    """For the threads of one worker."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._alone = False
        #: What this process has begun and not struck out yet. It lives, so that killed nobody.
        self._begun_here: Counter[tuple[UUID, str]] = Counter()

    @contextmanager
    def free(self) -> Iterator[None]:
        """For a message above suspicion: beside others like it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextmanager
    def suspected(self, message_id: UUID, queue: str) -> Iterator[None]:
        """For a message that is delivered again. Raises CrashLoop if it has killed too many workers."""
        key = message_id, queue
        rows = Suspect.objects.filter(message_id=message_id, queue=queue)
        deaths = (rows.values_list("begun", flat=True).first() or 0) - self._begun_here[key]
        if deaths >= CRASHES:
            raise CrashLoop(f"Every worker that began this job died before it ended: {deaths} times.")
        with self._by_itself() if deaths > 0 else self.free():
            Suspect.objects.get_or_create(message_id=message_id, queue=queue)
            rows.update(begun=F("begun") + 1, last_begun_at=timezone.now())
            self._begun_here[key] += 1
            try:
                yield
            finally:
                rows.delete()
                del self._begun_here[key]

    @contextmanager
    def _by_itself(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone = True
            self._changed.wait_for(lambda: not self._running)
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()
