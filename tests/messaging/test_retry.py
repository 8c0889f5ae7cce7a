from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused, SMTPServerDisconnected

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.retry import Backoff, PermanentFailure, is_permanent
from orders.models import Order


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=1), jitter=0)
    pauses = [backoff.pause_after(attempt).total_seconds() for attempt in range(1, 8)]
    assert pauses == [5, 10, 20, 40, 60, 60, 60]


@given(st.integers(1, 10**9))
def test_jitter_keeps_to_its_share_however_many_attempts(attempt: int) -> None:
    backoff = Backoff(first=timedelta(seconds=10), longest=timedelta(seconds=10), jitter=0.2)
    assert timedelta(seconds=8) <= backoff.pause_after(attempt) <= timedelta(seconds=12)


def test_jobs_that_fail_together_do_not_come_back_together() -> None:
    assert len({Backoff().pause_after(1) for _ in range(20)}) > 10


@pytest.mark.parametrize(
    "error",
    [
        PermanentFailure("The address is no address."),
        Order.DoesNotExist(),
        SMTPRecipientsRefused({"alice@example.org": (550, b"No such user")}),
        SMTPDataError(554, b"Spam"),
        SMTPSenderRefused(553, b"Not from you", "shop@example.org"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_another_attempt_cannot_help_is_permanent(error: BaseException) -> None:
    assert is_permanent(error)


@pytest.mark.parametrize(
    "error",
    [
        SMTPRecipientsRefused({"alice@example.org": (450, b"Greylisted")}),
        SMTPRecipientsRefused({"alice@example.org": (550, b"Gone"), "bob@example.org": (450, b"Greylisted")}),
        SMTPDataError(451, b"Later"),
        SMTPServerDisconnected("Connection unexpectedly closed"),
        ConnectionResetError(),
        ValueError("A bug that the next release repairs"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_everything_else_is_tried_again(error: BaseException) -> None:
    assert not is_permanent(error)
