"""What a worker does beside its jobs: report, obey pauses by staff, find what is lost, delete what is long done."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils import timezone

from messaging import models, recovery
from messaging.failures import storable
from messaging.watchdog import SteadyThread
from messaging.worker import Worker

logger = logging.getLogger(__name__)

#: Seconds between two reports; staff's pauses take effect within that.
REPORT_EVERY = 3.0
#: Seconds between two looks for messages that RabbitMQ has lost.
RECOVER_EVERY = 10.0
#: Seconds between two deletions of old rows, and rows at a time: small enough to disturb nobody.
PRUNE_EVERY = 60.0
PRUNE_AT_ONCE = 1000
#: A worker that has not reported for so long will not come back.
FORGET_WORKER_AFTER = timedelta(days=1)


class Housekeeping(SteadyThread):
    def __init__(self, worker: Worker, stop: threading.Event) -> None:
        super().__init__(name="housekeeping", daemon=True)
        self.worker = worker
        self.stop = stop
        self._me: dict[str, Any] = {"host": socket.gethostname(), "pid": os.getpid(), "started_at": timezone.now()}

    def run(self) -> None:
        recover_at = prune_at = time.monotonic()
        while not self.stop.is_set():
            self.beat()
            try:
                self.obey_staff()
                self._report()
                if time.monotonic() >= recover_at:
                    recover_at = time.monotonic() + RECOVER_EVERY
                    recovery.recover(go_on=self._may_go_on)
                if time.monotonic() >= prune_at:
                    prune_at = time.monotonic() + PRUNE_EVERY
                    prune(go_on=self._may_go_on)
            except DatabaseError as error:
                logger.debug("No report: %s", error)
                connection.close()
            self.stop.wait(REPORT_EVERY)
        self._say_goodbye()

    def _may_go_on(self) -> bool:
        self.beat()
        return not self.stop.is_set()

    def obey_staff(self) -> None:
        paused = models.PausedQueue.objects.values_list("queue", flat=True)
        self.worker.pauses.set_by_staff({self.worker.topology.queue_of(queue) for queue in paused})

    def _report(self) -> None:
        worker, name = self.worker, self.worker.topology.job_queue
        worker.consumer.ask_depths()  # their answers are in the next report
        report = {
            "release": settings.MESSAGING["RELEASE"],
            "queues": [job.queue for job in worker.jobs.values()],
            "concurrency": worker.concurrency,
            "last_seen": timezone.now(),
            "in_hand": {name(queue): count for queue, count in sorted(worker.consumer.in_hand.items()) if count},
            # A mail server may have written the reason.
            "paused": storable({name(queue): why for queue, why in worker.pauses.report().items()}),
            "depths": {name(queue): asdict(depth) for queue, depth in sorted(worker.consumer.depths.items())},
        }
        models.Worker.objects.update_or_create(**self._me, defaults=report)

    def _say_goodbye(self) -> None:
        try:
            models.Worker.objects.filter(**self._me).delete()
        except DatabaseError as error:
            logger.debug("No goodbye: %s", error)
        connection.close()


def prune(*, go_on: Callable[[], bool] = lambda: True) -> None:
    """Delete what is long done, in small batches. Harmless if several workers do it at once."""
    now = timezone.now()
    failed, done = models.FailedJob, settings.MESSAGING["KEEP_FAILED"]
    old: list[QuerySet[Model]] = [
        models.ProcessedMessage.objects.filter(processed_at__lt=now - settings.MESSAGING["KEEP_PROCESSED"]),
        failed.objects.filter(state__in=(failed.State.RESOLVED, failed.State.DISCARDED), last_failed_at__lt=now - done),
        models.Batch.objects.filter(made_at__lt=now - done, failed_jobs=None),
        models.Worker.objects.filter(last_seen__lt=now - FORGET_WORKER_AFTER),
        models.Suspect.objects.filter(last_begun_at__lt=now - settings.MESSAGING["KEEP_PROCESSED"]),
    ]
    for rows in old:
        while go_on() and delete_some(rows) == PRUNE_AT_ONCE:
            pass


def delete_some(rows: QuerySet[Model]) -> int:
    chosen = list(rows.values_list("pk", flat=True)[:PRUNE_AT_ONCE])
    if chosen:
        rows.model._default_manager.filter(pk__in=chosen).delete()
    return len(chosen)
