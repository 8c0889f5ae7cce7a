"""What is known of an order's e-mails, in the order in which it happened. What is not known is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet

from messaging import preview
from messaging.admin.rows import title_of
from messaging.models import FailedJob, JobAttempt, OutboxMessage, PublishedMessage
from orders.models import Order, OrderEmail

#: Rows of each kind on a page. An order has one or two; who presses Retry for a week has more.
MOST = 50
#: Characters of an error, and of what staff did.
LONGEST = 300


@dataclass(frozen=True)
class Entry:
    when: datetime
    #: Says which sign stands before it.
    kind: str
    what: str
    detail: str = ""


@dataclass(frozen=True)
class History:
    entries: list[Entry]
    failed_jobs: list[FailedJob]
    emails: list[OrderEmail]
    waiting: list[OutboxMessage]
    #: RabbitMQ has confirmed them, and their jobs have not settled them yet.
    published: list[PublishedMessage]
    #: The oldest are not shown.
    cut: bool

    @property
    def needing_attention(self) -> list[FailedJob]:
        return [failed for failed in self.failed_jobs if failed.state == FailedJob.State.NEEDS_ATTENTION]

    @property
    def under_way(self) -> bool:
        moving = {FailedJob.State.RETRYING, FailedJob.State.RETRIED}
        return bool(self.waiting or self.published) or any(failed.state in moving for failed in self.failed_jobs)


def history_of(order: Order, *, may_see_addresses: bool) -> History:
    """Seven queries."""

    def shown(text: str) -> str:
        return preview.in_a_line(text if may_see_addresses else preview.without_addresses(text), longest=LONGEST)

    emails = list(order.emails.order_by("-sent_at")[:MOST])
    about = FailedJob.objects.filter(subject=order.subject).defer("body", "headers")
    failed_jobs = list(about.order_by("-last_failed_at")[:MOST])
    attempts = list(JobAttempt.objects.filter(failed_job__in=failed_jobs).order_by("-started_at")[:MOST])
    log = list(log_of(order, failed_jobs)[:MOST])
    waiting = list(OutboxMessage.objects.filter(subject=order.subject).defer("body").order_by("available_at")[:MOST])
    published = list(
        PublishedMessage.objects.filter(subject=order.subject).defer("body").order_by("published_at")[:MOST]
    )
    for failed in failed_jobs:
        failed.error = shown(failed.error)
    for email in emails:
        email.to = shown(email.to)
    for message in waiting:
        message.parked_reason = shown(message.parked_reason)
    entries = [
        Entry(order.created_at, "placed", "Placed by the customer"),
        *(
            Entry(email.sent_at, "sent", f"{email.get_kind_display().capitalize()} sent to {email.to}")
            for email in emails
        ),
        *(Entry(each.published_at, "published", f"{title_of(each.queue)}: RabbitMQ has it") for each in published),
        *failures(failed_jobs, attempts, shown),
        *(Entry(entry.action_time, "staff", shown(entry.get_change_message()), str(entry.user)) for entry in log),
    ]
    entries.sort(key=lambda entry: entry.when)
    cut = any(len(rows) == MOST for rows in (emails, failed_jobs, attempts, log))
    return History(entries, failed_jobs, emails, waiting, published, cut)


def failures(
    failed_jobs: Sequence[FailedJob], attempts: Sequence[JobAttempt], shown: Callable[[str], str]
) -> Iterator[Entry]:
    by_pk = {failed.pk: failed for failed in failed_jobs}
    for attempt in attempts:
        job = title_of(by_pk[attempt.failed_job_id].queue)
        error = shown(f"{attempt.error_class.rpartition('.')[2]}: {attempt.error_text}")
        yield Entry(attempt.started_at, "failed", f"{job}: attempt {attempt.number} failed", error)
    tried = {attempt.failed_job_id for attempt in attempts}
    for failed in failed_jobs:
        if failed.pk not in tried:  # it never got as far as an attempt: a crash loop, bytes that nobody can read
            words = f"{title_of(failed.queue)}: {failed.get_kind_display()}"
            yield Entry(failed.last_failed_at, "failed", words, shown(failed.error))


def log_of(order: Order, failed_jobs: Sequence[FailedJob]) -> QuerySet[LogEntry]:
    """What staff did to the order and to its failed jobs, the newest first."""
    types = ContentType.objects.get_for_models(Order, FailedJob)
    to_order = Q(content_type=types[Order], object_id=str(order.pk))
    to_jobs = Q(content_type=types[FailedJob], object_id__in=[str(failed.pk) for failed in failed_jobs])
    return LogEntry.objects.filter(to_order | to_jobs).select_related("user").order_by("-action_time")
