"""Failed attempts: each is written down together with what happens next, in one transaction."""

from __future__ import annotations

import os
import socket
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from messaging import outbox
from messaging.broker import Delivery
from messaging.events import Envelope, NewerVersion, NotAMessage, UnknownType, decode_envelope
from messaging.fingerprint import fingerprint
from messaging.jobs import Job
from messaging.models import FailedJob, JobAttempt, OutboxMessage, Suspect
from messaging.quarantine import CrashLoop
from messaging.retry import is_permanent

#: Characters. Enough for any traceback that a person reads; a runaway error text must not fill the database.
LONGEST_TEXT = 50_000
#: Characters of one header.
LONGEST_HEADER = 1_000
#: Lists in lists, or tables in tables: RabbitMQ takes more of them than Python can follow.
DEEPEST_HEADER = 20

_KINDS: dict[type[BaseException], FailedJob.Kind] = {
    NotAMessage: FailedJob.Kind.NOT_A_MESSAGE,
    UnknownType: FailedJob.Kind.UNKNOWN_TYPE,
    NewerVersion: FailedJob.Kind.NEWER_VERSION,
    CrashLoop: FailedJob.Kind.CRASH_LOOP,
}


@dataclass(frozen=True)
class Failure:
    error: BaseException
    started_at: datetime
    duration: timedelta


def record(delivery: Delivery, job: Job, message_id: UUID, failure: Failure) -> bool:
    """Write down a failed attempt, and schedule the next one unless this was the last. True if it was.

    A duplicate of an attempt that has been written down changes nothing, so that retries do not multiply.
    """
    with transaction.atomic():
        failed = _locked(delivery, job.queue, message_id)
        number = delivery.attempt
        if failed.job_attempts.filter(number=number).exists():
            return False
        _describe(failed, number, failure)
        kind = _terminal_kind(failure.error, number - failed.attempts_forgiven, job)
        failed.attempts = number
        failed.error_class = class_of(failure.error)
        failed.error = printable(f"{type(failure.error).__name__}: {failure.error}")
        failed.fingerprint = fingerprint(queue=failed.queue, error_class=failed.error_class, error=failed.error)
        failed.last_failed_at = timezone.now()
        if kind is None:
            failed.state, failed.kind = FailedJob.State.RETRYING, FailedJob.Kind.TEMPORARY
            failed.next_attempt_at = timezone.now() + job.retry.pause_after(number - failed.attempts_forgiven)
            schedule(failed, available_at=failed.next_attempt_at)
        else:
            failed.state, failed.kind = FailedJob.State.NEEDS_ATTENTION, kind
            failed.next_attempt_at = None
        if kind is FailedJob.Kind.CRASH_LOOP:
            Suspect.objects.filter(message_id=message_id, queue=job.queue).delete()  # a Retry begins anew
        failed.save()
    return kind is not None


def schedule(failed: FailedJob, *, available_at: datetime) -> None:
    """Send the message again, to this job only. Belongs in the transaction that changes the job's state."""
    OutboxMessage.objects.create(
        message_id=failed.message_id,
        type=failed.type,
        subject=failed.subject,
        body=failed.body,
        queue=failed.queue,
        attempt=failed.attempts + 1,
        available_at=available_at,
    )
    transaction.on_commit(outbox.hint, robust=True)


def resolve(message_id: UUID, queue: str) -> None:
    """A later attempt has done the job."""
    FailedJob.objects.filter(message_id=message_id, queue=queue).exclude(state=FailedJob.State.DISCARDED).update(
        state=FailedJob.State.RESOLVED, next_attempt_at=None
    )


def put_back(delivery: Delivery, job_queue: str, message_id: UUID) -> None:
    """Let a message wait in the outbox instead of in a worker's hand. Ack it afterwards; it is no attempt."""
    OutboxMessage.objects.create(
        message_id=message_id,
        body=delivery.body,
        queue=job_queue,
        attempt=delivery.attempt,
        available_at=timezone.now(),
        **_names(delivery.body),
    )


def describe_message(delivery: Delivery) -> dict[str, Any]:
    """What a FailedJob keeps of a message, whatever its bytes are."""
    return {
        "body": delivery.body,
        "headers": storable(delivery.headers),
        "last_failed_at": timezone.now(),
        **_names(delivery.body),
    }


def storable(value: Any, depth: int = 0) -> Any:
    """A header table as JSON that PostgreSQL stores; what AMQP can say and JSON cannot is kept as its repr()."""
    if depth > DEEPEST_HEADER:
        return "..."
    if isinstance(value, dict):
        return {printable(str(key))[:LONGEST_HEADER]: storable(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [storable(each, depth + 1) for each in value]
    if value is None or isinstance(value, bool | int):
        return value
    return printable(value if isinstance(value, str) else repr(value))[:LONGEST_HEADER]


def class_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"[:255]


def printable(text: str) -> str:
    """Text that PostgreSQL stores: no null characters, no halves of surrogate pairs; not endless."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")[:LONGEST_TEXT]


def _locked(delivery: Delivery, queue: str, message_id: UUID) -> FailedJob:
    FailedJob.objects.get_or_create(
        message_id=message_id,
        queue=queue,
        defaults={
            **describe_message(delivery),
            "state": FailedJob.State.RETRYING,
            "kind": FailedJob.Kind.TEMPORARY,
        },
    )
    return FailedJob.objects.select_for_update().get(message_id=message_id, queue=queue)


def _describe(failed: FailedJob, number: int, failure: Failure) -> None:
    error = failure.error
    JobAttempt.objects.create(
        failed_job=failed,
        number=number,
        started_at=failure.started_at,
        duration=failure.duration,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        release=settings.MESSAGING["RELEASE"],
        error_class=class_of(error),
        error_text=printable(str(error)),
        traceback=printable("".join(traceback.format_exception(error))),
    )


def _terminal_kind(error: BaseException, attempts: int, job: Job) -> FailedJob.Kind | None:
    if type(error) in _KINDS:
        return _KINDS[type(error)]
    if is_permanent(error):
        return FailedJob.Kind.PERMANENT
    return FailedJob.Kind.USED_UP if attempts >= job.retry.attempts else None


def _names(body: bytes) -> dict[str, str]:
    envelope = _envelope(body)
    return {
        "type": printable(envelope.type)[:255] if envelope else "",
        "subject": printable(envelope.subject)[:255] if envelope else "",
    }


def _envelope(body: bytes) -> Envelope | None:
    try:
        return decode_envelope(body)
    except NotAMessage:
        return None
