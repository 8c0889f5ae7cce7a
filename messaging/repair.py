"""What staff do about failed jobs. Only the database is touched, so it works while RabbitMQ is away."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from messaging.failures import schedule
from messaging.jobs import registered
from messaging.models import FailedJob


@dataclass(frozen=True)
class Repair:
    queued: int
    #: They did not need attention (any more): somebody was faster.
    skipped: int
    #: Left as they are: how many failed jobs of which queue no job of this release would take.
    without_job: dict[str, int]


@transaction.atomic
def retry(failed_jobs: QuerySet[FailedJob], *, by: User) -> Repair:
    """Queue failed jobs again, all or none, each with its job's full number of attempts before it.

    Asking twice, or two people at once, queues a job once.
    """
    jobs = registered()
    retried: list[FailedJob] = []
    skipped = 0
    without_job: Counter[str] = Counter()
    # Everybody takes the rows in the same order, so that two people with overlapping choices cannot deadlock.
    for pk, queue in list(failed_jobs.order_by("pk").values_list("pk", "queue")):
        if queue not in jobs:
            without_job[queue] += 1
        elif failed := _claim(pk):
            schedule(failed, available_at=timezone.now())
            retried.append(failed)
        else:
            skipped += 1
    LogEntry.objects.log_actions(by.pk, retried, CHANGE, "Queued again.")
    return Repair(queued=len(retried), skipped=skipped, without_job=dict(without_job))


def _claim(pk: int) -> FailedJob | None:
    """Take a failed job out of "needs attention". None if it is not there: then somebody else has queued it."""
    claimed = FailedJob.objects.filter(pk=pk, state=FailedJob.State.NEEDS_ATTENTION).update(
        state=FailedJob.State.RETRIED, attempts_forgiven=F("attempts"), next_attempt_at=timezone.now()
    )
    return FailedJob.objects.get(pk=pk) if claimed else None
