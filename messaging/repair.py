"""What staff do about failed jobs. Only the database is touched, so it works while RabbitMQ is away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Length

from messaging import outbox
from messaging.events import Unreadable, decode_envelope, decode_event
from messaging.jobs import Asked, DoneAlready, registered
from messaging.models import Batch, FailedJob, ProcessedMessage

#: Failed jobs in memory at a time.
AT_ONCE = 1000

State = FailedJob.State


def retry(
    failed_jobs: QuerySet[FailedJob], *, by: User, name: str = "", chosen: str = "", expected: int | None = None
) -> Batch:
    """Queue failed jobs again, all or none, each with its job's full number of attempts before it.

    Asking twice, or two people at once, queues a job once. What has been done meanwhile, by this message or by another
    one, is not queued, but resolved.
    `expected` is how many the person saw: those that are missing by now count as skipped. `name` is who did it, if the
    account alone does not say so.
    """
    batch = Batch(action=Batch.Action.RETRY, made_by=name or by.get_username(), chosen=chosen)
    return _carry_out(batch, failed_jobs, by, _retry_some, expected)


def discard(
    failed_jobs: QuerySet[FailedJob],
    *,
    by: User,
    reason: str,
    name: str = "",
    chosen: str = "",
    expected: int | None = None,
) -> Batch:
    """Put failed jobs aside for good, all or none: nobody will try them again, and the reason is kept."""
    batch = Batch(action=Batch.Action.DISCARD, made_by=name or by.get_username(), chosen=chosen, reason=reason)
    return _carry_out(batch, failed_jobs, by, _discard_some, expected)


@transaction.atomic
def _carry_out(
    batch: Batch,
    failed_jobs: QuerySet[FailedJob],
    by: User,
    act: Callable[[Batch, list[FailedJob], User], None],
    expected: int | None,
) -> Batch:
    batch.chosen, batch.made_by = batch.chosen[:255], batch.made_by[:255]
    batch.save()
    found = 0
    # Everybody takes the rows in the same order, so that two people with overlapping choices cannot deadlock.
    for pks in _some_at_once(failed_jobs.order_by("pk").values_list("pk", flat=True).iterator(AT_ONCE)):
        found += len(pks)
        # Compare and set: what somebody else has taken meanwhile is no longer in this state, and stays as it is.
        waiting = FailedJob.objects.filter(pk__in=pks, state=State.NEEDS_ATTENTION).order_by("pk")
        act(batch, list(waiting.defer("body", "headers", "error").select_for_update()), by)
    if batch.action == Batch.Action.RETRY:
        _queue(batch)
        _log(batch, by, State.RETRIED, f"Queued again, in {batch}.")
    else:
        _log(batch, by, State.DISCARDED, f"Discarded, in {batch}: {batch.reason}")
    left = batch.taken + sum(batch.done_already.values()) + sum(batch.without_job.values())
    batch.skipped = max(0, (found if expected is None else expected) - left)
    batch.save()
    return batch


def _retry_some(batch: Batch, waiting: list[FailedJob], by: User) -> None:
    jobs = registered()
    without_job = Counter(failed.queue for failed in waiting if failed.queue not in jobs)
    batch.without_job = dict(Counter(batch.without_job) + without_job)
    done = _done_already([failed for failed in waiting if failed.queue in jobs])
    batch.done_already = dict(Counter(batch.done_already) + Counter(done.values()))
    for reason in set(done.values()):
        these = [failed for failed in waiting if done.get(failed.pk) == reason]
        FailedJob.objects.filter(pk__in=[failed.pk for failed in these]).update(state=State.RESOLVED, batch=batch)
        LogEntry.objects.log_actions(by.pk, these, CHANGE, f"Not queued: {reason}.")

    ready = [failed.pk for failed in waiting if failed.queue in jobs and failed.pk not in done]
    batch.taken += FailedJob.objects.filter(pk__in=ready).update(
        state=State.RETRIED, attempts_forgiven=F("attempts"), next_attempt_at=batch.made_at, batch=batch
    )


def _discard_some(batch: Batch, waiting: list[FailedJob], by: User) -> None:
    batch.taken += FailedJob.objects.filter(pk__in=[failed.pk for failed in waiting]).update(
        state=State.DISCARDED, next_attempt_at=None, batch=batch
    )


def _queue(batch: Batch) -> None:
    """Send the messages of a batch once more, each to its one job.

    The rows do not leave the database on their way: a hundred thousand of them, through here, would take four times as
    long as a person, or the web server, wants to wait.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO messaging_outboxmessage
                (message_id, type, subject, body, queue, attempt, available_at, parked_reason)
            SELECT failed.message_id, failed.type, failed.subject, failed.body, failed.queue, failed.attempts + 1,
                   batch.made_at, ''
            FROM messaging_failedjob failed JOIN messaging_batch batch ON batch.id = failed.batch_id
            WHERE batch.id = %s AND failed.state = %s ORDER BY failed.id
            """,
            [batch.pk, State.RETRIED],
        )
    transaction.on_commit(outbox.hint, robust=True)


def _log(batch: Batch, by: User, state: str, what: str) -> None:
    """An entry in the admin's log for each job of a batch, in the same way."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO django_admin_log
                (action_time, user_id, content_type_id, object_id, object_repr, action_flag, change_message)
            SELECT batch.made_at, %s, %s, CAST(failed.id AS text),
                   substr(failed.queue || ' ' || CAST(failed.message_id AS text), 1, 200), %s, %s
            FROM messaging_failedjob failed JOIN messaging_batch batch ON batch.id = failed.batch_id
            WHERE batch.id = %s AND failed.state = %s ORDER BY failed.id
            """,
            [by.pk, ContentType.objects.get_for_model(FailedJob).pk, CHANGE, what, batch.pk, state],
        )


def _done_already(failed_jobs: list[FailedJob]) -> dict[int, str]:
    """Why there is nothing left to do, by primary key, for those of which that is true."""
    ids = [failed.message_id for failed in failed_jobs]
    pairs = set(ProcessedMessage.objects.filter(message_id__in=ids).values_list("message_id", "queue"))
    done = {failed.pk: "the job has been done" for failed in failed_jobs if (failed.message_id, failed.queue) in pairs}
    for queue, job in registered().items():
        pks = [failed.pk for failed in failed_jobs if failed.queue == queue and failed.pk not in done]
        if pks and job.done_already:
            done |= _done_otherwise(pks, job.done_already)
    return done


def _done_otherwise(pks: list[int], done_already: DoneAlready) -> dict[int, str]:
    """What the owner of the job says of them. Bytes that are none of our messages are nobody's to judge."""
    # Ours are small; what a foreign publisher has sent may not be, and there are a thousand of them.
    small = FailedJob.objects.filter(pk__in=pks).annotate(size=Length("body")).filter(size__lte=outbox.MAX_BODY)
    asked: dict[int, Asked] = {}
    for pk, body in small.values_list("pk", "body"):
        with suppress(Unreadable):
            envelope = decode_envelope(bytes(body))
            asked[pk] = Asked(decode_event(envelope), envelope.time)
    reasons = done_already(list(asked.values()))
    return {pk: reason for pk, reason in zip(asked, reasons, strict=True) if reason}


def _some_at_once(pks: Iterable[int]) -> Iterator[list[int]]:
    remaining = iter(pks)
    while some := list(islice(remaining, AT_ONCE)):
        yield some
