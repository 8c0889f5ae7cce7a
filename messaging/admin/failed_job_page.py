"""The page of a failed job: what happened to it, what staff did about it, and what the message was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from messaging import frames, preview
from messaging.models import FailedJob, JobAttempt
from messaging.preview import Preview

#: Attempts on a failed job's page, and as many deeds of staff. Ten are usual; who presses Retry for a week makes more.
SHOWN = 50
LONGEST_ERROR = 120


@dataclass(frozen=True)
class Tried:
    """An attempt, as a line of the timeline."""

    attempt: JobAttempt
    error: str
    #: The frames of our own code, if there are others too.
    ours: str
    traceback: Preview

    @property
    def when(self) -> datetime:
        return self.attempt.started_at


@dataclass(frozen=True)
class Did:
    """What a member of staff did, as a line of the timeline."""

    when: datetime
    who: str
    what: str


def describe(failed: Any) -> dict[str, Any]:
    """`failed` knows what it is about, and whether its reader may see e-mail addresses."""
    hide = failed.addresses_hidden
    tried, did = list(_tried(failed)), list(_did(failed))
    headers, body = preview.of_json(failed.headers), preview.of_body(bytes(failed.body))
    return {
        "timeline": sorted([*tried, *did], key=lambda line: line.when, reverse=True),
        "any_attempt": bool(tried),
        "earlier_attempts": max(0, failed.job_attempts.count() - SHOWN),
        "headers": headers.without_addresses() if hide else headers,
        "body": body.without_addresses() if hide else body,
        "needs_attention": failed.state == FailedJob.State.NEEDS_ATTENTION,
        "can_download": not hide,
    }


def _tried(failed: Any) -> Iterator[Tried]:
    hide = preview.without_addresses if failed.addresses_hidden else str
    for each in failed.job_attempts.order_by("-number")[:SHOWN]:
        traceback = preview.of_traceback(each.traceback)
        yield Tried(
            attempt=each,
            error=hide(preview.in_a_line(f"{each.error_class}: {each.error_text}", longest=LONGEST_ERROR)),
            ours=hide(frames.ours(traceback.text)),
            traceback=Preview(hide(traceback.text), traceback.note),
        )


def _did(failed: FailedJob) -> Iterator[Did]:
    of_failed_jobs = ContentType.objects.get_for_model(FailedJob)
    entries = LogEntry.objects.filter(content_type=of_failed_jobs, object_id=str(failed.pk)).select_related("user")
    for entry in entries.order_by("-action_time")[:SHOWN]:
        yield Did(entry.action_time, entry.user.get_username(), entry.get_change_message())
