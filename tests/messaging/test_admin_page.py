from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from messaging.models import Batch, FailedJob
from tests.factories import FailedJobFactory, JobAttemptFactory, OrderFactory
from tests.messaging.staff import LIST, discard_of, page_of, retry_of, signed_in

pytestmark = pytest.mark.django_db

LIBRARY = '  File "/srv/.venv/lib/python3.11/site-packages/django/mail.py", line 1, in send\n    connect()\n'


def test_alice_sees_each_attempt_with_its_traceback_folded_away(alice: Client) -> None:
    failed = FailedJobFactory.create(headers={"x-attempt": 2})
    JobAttemptFactory.create(failed_job=failed, number=1, worker="worker-1:4711", traceback="File one.py")
    JobAttemptFactory.create(failed_job=failed, number=2, release="2026.12", duration=timedelta(seconds=3.5))
    page = alice.get(page_of(failed))
    assertContains(page, "<details>", count=2)
    for words in ["worker-1:4711", "2026.12", "3.500 s", "<pre>File one.py</pre>", "&quot;x-attempt&quot;: 2"]:
        assertContains(page, words)
    assertContains(page, "&quot;specversion&quot;: &quot;1.0&quot;,\n")


def test_our_code_stands_before_the_whole_traceback(alice: Client) -> None:
    ours = '  File "/srv/shop/orders/jobs.py", line 25, in send_confirmation\n    send(order)\n'
    failed = JobAttemptFactory.create(
        traceback=f"Traceback (most recent call last):\n{LIBRARY}{ours}OSError"
    ).failed_job
    page = alice.get(page_of(failed)).text
    assert page.index("<h3>Our code</h3>") < page.index("send(order)") < page.index("The whole traceback")
    assert page.index("The whole traceback") < page.index("site-packages")


def test_what_staff_did_stands_among_the_attempts(alice: Client) -> None:
    # Given a job that failed, was retried by Alice, failed again, and was put aside by Bob
    failed = FailedJobFactory.create()
    now = timezone.now()
    with time_machine.travel(now - timedelta(hours=2), tick=False):
        alice.post(retry_of(failed))
    FailedJob.objects.update(state=FailedJob.State.NEEDS_ATTENTION)
    signed_in("bob", "view_failedjob", "discard_failedjob").post(discard_of(failed), {"reason": "A test order"})
    for hours in (3, 1):
        JobAttemptFactory.create(
            failed_job=failed, number=4 - hours, started_at=now - timedelta(hours=hours), error_class=f"Error{hours}"
        )
    # Then its page tells it in this order, the latest first
    page = alice.get(page_of(failed))
    batch = Batch.objects.latest("pk")
    lines = ["<strong>bob</strong> Discarded, in batch", "Error1", "<strong>alice</strong> Queued again", "Error3"]
    assert sorted(lines, key=page.text.index) == lines
    # And leads to the page of the batch
    assertContains(page, f'<a href="/admin/messaging/batch/{batch.pk}/change/">batch {batch.pk}</a>')


def test_alice_is_led_to_what_can_be_corrected(alice: Client) -> None:
    order = OrderFactory.create()
    failed = FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    page = alice.get(page_of(failed))
    assertContains(page, f'<a href="/admin/orders/order/{order.pk}/change/">Order {order.number}</a>, then retry.')
    FailedJob.objects.update(state=FailedJob.State.RESOLVED)
    assertNotContains(alice.get(page_of(failed)), "then retry.")


@pytest.mark.parametrize("body", [b"", b"\x00\xff<script>", b"x" * 5_000_000])
def test_alice_downloads_the_bytes_as_they_came(alice: Client, body: bytes) -> None:
    failed = FailedJobFactory.create(body=body)
    assertContains(alice.get(page_of(failed)), f'href="{LIST}{failed.pk}/body/" download')
    answer = alice.get(f"{LIST}{failed.pk}/body/")
    assert answer.content == body
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="{failed.message_id}.bin"'
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_bob_who_may_not_see_addresses_sees_none() -> None:
    failed = FailedJobFactory.create(
        error="SMTPRecipientsRefused: {'alice@example.org': (550, b'no')}",
        headers={"to": "alice@example.org"},
        body=b'{"to": "alice@example.org"}',
        batch=Batch.objects.create(chosen="alice@example.org", action="retry", made_by="alice"),
    )
    traceback = f'{LIBRARY}  File "a.py", line 1, in b\n    alice@example.org\n'
    JobAttemptFactory.create(failed_job=failed, error_text="alice@example.org", traceback=traceback)
    bob = signed_in("bob", "view_failedjob", "view_batch")
    batches = "/admin/messaging/batch/"
    for address in (LIST, page_of(failed), batches, f"{batches}{failed.batch_id}/change/"):
        page = bob.get(address)
        assertContains(page, "a***@example.org")
        assertNotContains(page, "alice@")
    assert bob.get(f"{LIST}{failed.pk}/body/").status_code == 403
    assertNotContains(bob.get(page_of(failed)), "Download")
    # But those who may see them do
    carol = signed_in("carol", "view_failedjob", "see_addresses")
    assertContains(carol.get(page_of(failed)), "alice@example.org")
    assert b"alice@" in carol.get(f"{LIST}{failed.pk}/body/").content


def test_a_page_of_fifty_attempts_takes_few_queries(alice: Client) -> None:
    order = OrderFactory.create()
    failed = FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    for number in range(60):
        JobAttemptFactory.create(failed_job=failed, number=number + 1)
    alice.post(retry_of(failed))
    with CaptureQueriesContext(connection) as queries:
        page = alice.get(page_of(failed))
    assertContains(page, "And 10 earlier attempts.")
    assert len(queries) <= 15


def test_nobody_adds_changes_or_deletes_a_failed_job(alice: Client) -> None:
    failed = FailedJobFactory.create()
    for url in (f"{LIST}add/", f"{LIST}{failed.pk}/delete/", page_of(failed)):
        assert alice.post(url, {"state": "resolved"}).status_code == 403
    alice.post(LIST, {"action": "delete_selected", "_selected_action": [failed.pk], "post": "yes"})
    assert FailedJob.objects.get().state == FailedJob.State.NEEDS_ATTENTION
