"""The page of a failed job: what happened to it, and what the message was."""

from __future__ import annotations

from typing import Any

from messaging import preview
from messaging.models import FailedJob

#: Attempts on a failed job's page. Ten are usual; who presses Retry for a week makes more.
ATTEMPTS_SHOWN = 50
LONGEST_ERROR = 120


def describe(failed: FailedJob, *, may_see_addresses: bool) -> dict[str, Any]:
    attempts = failed.job_attempts.order_by("-number")
    return {
        "attempts": [
            {
                "attempt": each,
                "error": preview.in_a_line(f"{each.error_class}: {each.error_text}", longest=LONGEST_ERROR),
                "traceback": preview.of_traceback(each.traceback),
            }
            for each in attempts[:ATTEMPTS_SHOWN]
        ],
        "earlier_attempts": max(0, attempts.count() - ATTEMPTS_SHOWN),
        "headers": preview.of_headers(failed.headers),
        "body": preview.of_body(bytes(failed.body)),
        "needs_attention": failed.state == FailedJob.State.NEEDS_ATTENTION,
    }
