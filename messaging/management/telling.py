"""Failed jobs as the shell tells them: in a line for people, and as what becomes JSON for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from messaging import preview
from messaging.admin.rows import sentence
from messaging.models import JobAttempt

#: Characters of an error in a line.
LONGEST_ERROR = 100


def described(failed: Any, addresses: bool) -> dict[str, Any]:
    return {
        "id": failed.pk,
        "sentence": sentence(failed),
        "message_id": failed.message_id,
        "queue": failed.queue,
        "type": failed.type,
        "subject": failed.subject,
        "state": failed.state,
        "kind": failed.kind,
        "error": masked(failed.error, addresses),
        "attempts": failed.attempts,
        "first_failed_at": failed.first_failed_at,
        "last_failed_at": failed.last_failed_at,
        "next_attempt_at": failed.next_attempt_at,
    }


def described_attempt(attempt: JobAttempt, addresses: bool) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "seconds": attempt.duration.total_seconds(),
        "worker": attempt.worker,
        "release": attempt.release,
        "error_class": attempt.error_class,
        "error": masked(attempt.error_text, addresses),
        "traceback": masked(attempt.traceback, addresses),
    }


def in_a_line(failed: Any, addresses: bool) -> str:
    error = preview.in_a_line(masked(failed.error, addresses), longest=LONGEST_ERROR)
    return f"{failed.pk:>8}  {minute(failed.last_failed_at)}  {failed.state:15}  {sentence(failed)}: {error}"


def masked(text: str, addresses: bool) -> str:
    return text if addresses else preview.without_addresses(text)


def minute(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"
