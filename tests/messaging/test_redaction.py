from __future__ import annotations

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User

from messaging.models import Batch, FailedJob
from messaging.redaction import redact, without
from tests.factories import FailedJobFactory, JobAttemptFactory, OrderFactory

pytestmark = pytest.mark.django_db

REFUSED = "SMTPRecipientsRefused: {'alice@example.org': (550, b'no such user <Alice.L@example.org>')}"


def test_errors_about_one_object_no_longer_say_whom_they_met() -> None:
    order, other = OrderFactory.create_batch(2)
    alices = FailedJobFactory.create(subject=f"orders.order/{order.pk}", error=REFUSED)
    JobAttemptFactory.create(failed_job=alices, error_text=REFUSED, traceback=f"Traceback\n{REFUSED}\n")
    bobs = FailedJobFactory.create(subject=f"orders.order/{other.pk}", error=REFUSED)
    redact(subject=order)
    alices.refresh_from_db()
    attempt = alices.job_attempts.get()
    for text in (alices.error, alices.searched, attempt.error_text, attempt.traceback):
        assert "@example.org" not in text.lower()
        assert "(550, b'no such user" in text.lower()
    bobs.refresh_from_db()
    assert bobs.error == REFUSED


def test_what_staff_wrote_about_them_is_cleaned_too(admin_user: User) -> None:
    order = OrderFactory.create()
    old, new = (
        Batch.objects.create(action=Batch.Action.DISCARD, made_by="eve", chosen=f"“{words}”", reason=f"{words} called")
        for words in ("Alice Larsen", "alice@example.org")
    )
    failed = FailedJobFactory.create(subject=f"orders.order/{order.pk}", batch=new)
    LogEntry.objects.log_actions(admin_user.pk, [failed], CHANGE, "Discarded: alice@example.org called")
    redact(subject=order, texts=["Alice Larsen"])
    for batch in (old, new):
        batch.refresh_from_db()
        assert (batch.chosen.strip("“”"), batch.reason) == ("[removed]", "[removed] called")
    assert LogEntry.objects.get().change_message == "Discarded: [removed] called"


def test_a_text_is_found_however_its_words_are_written_and_spaced() -> None:
    assert without("to ALICE\n  larsen, 12 Harbour  Street", ["Alice Larsen", "12 Harbour Street"]) == (
        "to [removed], [removed]"
    )


def test_the_kind_of_failure_stays() -> None:
    order = OrderFactory.create()
    failed = FailedJobFactory.create(subject=f"orders.order/{order.pk}", error=REFUSED)
    redact(subject=order)
    after = FailedJob.objects.get()
    assert (after.fingerprint, after.kind, after.state, bytes(after.body)) == (
        failed.fingerprint,
        failed.kind,
        failed.state,
        failed.body,
    )
