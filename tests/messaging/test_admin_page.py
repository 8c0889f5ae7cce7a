from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from messaging.models import FailedJob
from tests.factories import FailedJobFactory, JobAttemptFactory
from tests.messaging.staff import LIST, page_of

pytestmark = pytest.mark.django_db


def test_alice_sees_each_attempt_with_its_traceback_folded_away(alice: Client) -> None:
    failed = FailedJobFactory.create(headers={"x-attempt": 2})
    JobAttemptFactory.create(failed_job=failed, number=1, worker="worker-1:4711", traceback="File one.py")
    JobAttemptFactory.create(failed_job=failed, number=2, release="2026.12", duration=timedelta(seconds=3.5))
    page = alice.get(page_of(failed))
    assertContains(page, "<details>", count=2)
    for words in ["worker-1:4711", "2026.12", "3.500 s", "<pre>File one.py</pre>", "&quot;x-attempt&quot;: 2"]:
        assertContains(page, words)
    assertContains(page, "&quot;specversion&quot;: &quot;1.0&quot;,\n")


def test_nobody_adds_changes_or_deletes_a_failed_job(alice: Client) -> None:
    failed = FailedJobFactory.create()
    for url in (f"{LIST}add/", f"{LIST}{failed.pk}/delete/", page_of(failed)):
        assert alice.post(url, {"state": "resolved"}).status_code == 403
    alice.post(LIST, {"action": "delete_selected", "_selected_action": [failed.pk], "post": "yes"})
    assert FailedJob.objects.get().state == FailedJob.State.NEEDS_ATTENTION
