"""Which failures are worth another attempt, and when."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.core.exceptions import ObjectDoesNotExist


class PermanentFailure(Exception):
    """Raise it in a job when another attempt cannot help; the text tells staff what to repair."""


class DependencyDown(Exception):
    """Raise it in a job when what all its messages need is away: the mail server, say.

    The job pauses, which is no attempt, and goes on when it is back. The text tells staff what is away, and why.
    """


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Exponential backoff: `first`, then `factor` times longer each time up to `longest`, `attempts` in all.

    Each pause is shortened or lengthened by up to `jitter` (a fraction), so that jobs that failed together do not come
    back together.
    """

    first: timedelta = timedelta(seconds=5)
    factor: float = 2.0
    longest: timedelta = timedelta(hours=1)
    attempts: int = 10
    jitter: float = 0.2

    def pause_after(self, attempt: int) -> timedelta:
        """How long to wait after attempt number `attempt` (from 1) has failed."""
        # The exponent is bounded because floats are, and timedeltas more so: longest is reached long before.
        seconds = min(self.first.total_seconds() * self.factor ** min(attempt - 1, 60), self.longest.total_seconds())
        return timedelta(seconds=seconds) * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - spreads load, hides nothing


def is_permanent(error: BaseException) -> bool:
    """Whether another attempt is pointless: the row is gone, or the mail server refuses this very message for good."""
    if isinstance(error, PermanentFailure | ObjectDoesNotExist):
        return True
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, SMTPResponseException) and error.smtp_code >= 500
