from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from messaging.models import FailedJob, OutboxMessage
from tests.factories import FailedJobFactory, JobAttemptFactory, OrderFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/messaging/failedjob/"
HOSTILE = '<script>alert("Mallory")</script>'


def page_of(failed: FailedJob) -> str:
    return reverse("admin:messaging_failedjob_change", args=[failed.pk])


def retry_of(failed: FailedJob) -> str:
    return reverse("admin:messaging_failedjob_retry", args=[failed.pk])


def signed_in(name: str, *permissions: str) -> Client:
    """The browser of a member of staff who may do just this."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice() -> Client:
    """Alice may do everything that there is to do."""
    client = Client()
    client.force_login(User.objects.create_superuser("alice"))
    return client


# The list


def test_alice_sees_what_failed_for_whom_and_why(alice: Client) -> None:
    order = OrderFactory.create()
    failed = FailedJobFactory.create(
        subject=f"orders.order/{order.pk}", error="SMTPDataError: 451 try later", attempts=10
    )
    page = alice.get(LIST)
    assertContains(page, f'<a href="{page_of(failed)}">Send confirmation</a>', html=True)
    assertContains(page, f'<a href="/admin/orders/order/{order.pk}/change/">Order {order.number}</a>', html=True)
    for words in ["SMTPDataError: 451 try later", "10 of 10", "attempts used up"]:
        assertContains(page, words)


def test_the_list_opens_with_what_needs_attention_and_can_show_everything(alice: Client) -> None:
    FailedJobFactory.create(error="Alice has to look at this")
    FailedJobFactory.create(error="This is done", state=FailedJob.State.RESOLVED)
    assertNotContains(alice.get(LIST), "This is done")
    for state in ("all", "resolved"):
        assertContains(alice.get(LIST, {"state": state}), "This is done")
    assertNotContains(alice.get(LIST, {"state": "resolved"}), "Alice has to look at this")


def test_alice_sees_when_the_next_attempt_is_due(alice: Client) -> None:
    due = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
    FailedJobFactory.create(state=FailedJob.State.RETRYING, kind=FailedJob.Kind.TEMPORARY, next_attempt_at=due)
    page = alice.get(LIST, {"state": "retrying"})
    assertContains(page, "retrying, next <time")
    assertContains(page, "23 Nov, 14:05</time>")


def test_thirty_jobs_take_as_many_queries_as_one(alice: Client) -> None:
    FailedJobFactory.create(subject=f"orders.order/{OrderFactory.create().pk}")
    with CaptureQueriesContext(connection) as for_one:
        alice.get(LIST)
    for order in OrderFactory.create_batch(29):
        FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    with CaptureQueriesContext(connection) as for_thirty:
        assertContains(alice.get(LIST), ">Order 1", count=30)
    assert len(for_thirty) == len(for_one) < 10


def test_a_long_error_is_cut_and_told_in_full_under_the_pointer(alice: Client) -> None:
    FailedJobFactory.create(error="x" * 200)
    page = alice.get(LIST)
    assertContains(page, f'title="{"x" * 200}">{"x" * 119}…</span>')


@pytest.mark.parametrize("sought", ["5e1c7f0a-3f0e-4c59-9c50-6a6f3d5b8f11", "orders.order/7", "mailbox is full"])
def test_alice_finds_a_job_by_message_id_subject_or_error(alice: Client, sought: str) -> None:
    FailedJobFactory.create(
        message_id="5e1c7f0a-3f0e-4c59-9c50-6a6f3d5b8f11", subject="orders.order/7", error="552 The mailbox is full"
    )
    FailedJobFactory.create(error="something else")
    page = alice.get(LIST, {"q": sought})
    assertContains(page, "The mailbox is full")
    assertNotContains(page, "something else")


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "orders.order/99999",
        "orders.order/" + "9" * 200,
        "orders.order/" + HOSTILE,
        "orders.nothing/1",
        "no label/1",
        "messaging.processedmessage/1",
    ],
)
def test_a_subject_that_leads_nowhere_is_shown_as_it_is(alice: Client, subject: str) -> None:
    failed = FailedJobFactory.create(subject=subject)
    for url in (LIST, page_of(failed)):
        page = alice.get(url)
        assertContains(page, "Send confirmation")
        assertNotContains(page, HOSTILE)


def test_bob_may_not_see_orders_so_he_is_told_nothing_of_them() -> None:
    order = OrderFactory.create()
    FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    page = signed_in("bob", "view_failedjob").get(LIST)
    assertContains(page, f"orders.order/{order.pk}")
    assertNotContains(page, f"Order {order.number}")


# The page of one job


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


# Retry


def test_alice_presses_retry_on_the_page_of_a_job(alice: Client) -> None:
    failed = FailedJobFactory.create()
    alice.handler.enforce_csrf_checks = True
    form = re.search(rf'action="({retry_of(failed)})">.*?value="(\w+)"><button>', alice.get(page_of(failed)).text)
    assert form
    answer = alice.post(form[1], {"csrfmiddlewaretoken": form[2]}, follow=True)
    assertRedirects(answer, page_of(failed))
    assertContains(answer, "1 job queued again.")
    assertNotContains(answer, "<button>Retry</button>", html=True)
    assert OutboxMessage.objects.count() == 1


def test_alice_retries_two_of_three_jobs_from_the_list(alice: Client) -> None:
    first, second, _ = FailedJobFactory.create_batch(3)
    answer = alice.post(LIST, selection(first, second), follow=True)
    assertContains(answer, "2 jobs queued again.")
    assert OutboxMessage.objects.count() == 2


def test_alice_hears_that_bob_was_faster(alice: Client) -> None:
    # Given a list that Alice opened before Bob retried one of its two jobs
    bobs, another = FailedJobFactory.create_batch(2)
    signed_in("bob", "view_failedjob", "retry_failedjob").post(retry_of(bobs))
    # When Alice retries both
    answer = alice.post(LIST, selection(bobs, another), follow=True)
    # Then she hears what came of each
    assertContains(answer, "1 job queued again.")
    assertContains(answer, "1 skipped, because somebody was faster")
    assert OutboxMessage.objects.count() == 2


def test_alice_hears_which_queue_has_no_job_any_more(alice: Client) -> None:
    failed = FailedJobFactory.create(queue="orders.send_telegram")
    answer = alice.post(retry_of(failed), follow=True)
    assertContains(answer, "1 job not queued: no job of this release has the queue orders.send_telegram.")


def test_a_link_cannot_retry(alice: Client) -> None:
    failed = FailedJobFactory.create()
    answer = alice.get(retry_of(failed))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert not OutboxMessage.objects.exists()


def test_another_site_cannot_retry_in_the_name_of_alice() -> None:
    failed = FailedJobFactory.create()
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("alice"))
    assert client.post(retry_of(failed)).status_code == 403
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("permissions", [[], ["view_failedjob"], ["retry_failedjob"], ["change_failedjob"]])
def test_bob_may_not_retry_without_the_permissions_to_see_and_to_retry(permissions: list[str]) -> None:
    failed = FailedJobFactory.create()
    bob = signed_in("bob", *permissions)
    assert bob.post(retry_of(failed)).status_code == 403
    bob.post(LIST, selection(failed))
    assert not OutboxMessage.objects.exists()


def test_bob_who_may_only_look_is_not_offered_a_retry() -> None:
    failed = FailedJobFactory.create()
    bob = signed_in("bob", "view_failedjob")
    assertNotContains(bob.get(page_of(failed)), "Retry</button>")
    assertNotContains(bob.get(LIST), "retry_selected")


def test_a_stranger_is_asked_to_sign_in() -> None:
    failed = FailedJobFactory.create()
    assertRedirects(Client().post(retry_of(failed)), f"/admin/login/?next={retry_of(failed)}")
    assert not OutboxMessage.objects.exists()


def test_after_a_retry_the_list_tells_the_attempts_that_count(alice: Client) -> None:
    FailedJobFactory.create(attempts=13, attempts_forgiven=10)
    assertContains(alice.get(LIST), "3 of 10, after 10 before a retry")


# What Mallory may send


def test_html_from_outside_is_shown_and_not_run(alice: Client) -> None:
    failed = FailedJobFactory.create(
        queue=HOSTILE, error=HOSTILE, body=HOSTILE.encode(), headers={HOSTILE: HOSTILE}, type=HOSTILE, subject=HOSTILE
    )
    JobAttemptFactory.create(failed_job=failed, error_class=HOSTILE, error_text=HOSTILE, traceback=HOSTILE)
    for url in (LIST, page_of(failed)):
        page = alice.get(url)
        assertNotContains(page, HOSTILE)
        assertContains(page, "&lt;script&gt;")
    assertNotContains(alice.post(retry_of(failed), follow=True), HOSTILE)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "It is empty."),
        (b"\x00\xff\x80", r"\x00\xff\x80"),
        (b"null\x00byte", r"null\x00byte"),
        (b'{"a": "\xff"}', r"{&quot;a&quot;: &quot;\xff&quot;}"),
        (b"[" * 100_000, "Not JSON. Cut after 20,000 of 100,000 characters."),
        ('{"to": "\u202egnp.exe"}'.encode(), r"\u202egnp.exe"),
        (rb'{"half": "\ud800"}', "ud800"),
    ],
)
def test_bytes_that_are_no_message_are_shown_harmlessly(alice: Client, body: bytes, shown: str) -> None:
    page = alice.get(page_of(FailedJobFactory.create(body=body)))
    assertContains(page, shown)
    assert not {0, 0x1B} & set(page.content)


@pytest.mark.parametrize("body", [b"x" * 5_000_000, b"\xff" * 5_000_000, json.dumps(["x" * 100] * 50_000).encode()])
def test_five_megabytes_make_a_small_page(alice: Client, body: bytes) -> None:
    failed = FailedJobFactory.create(body=body, error="y" * 5_000_000)
    JobAttemptFactory.create(failed_job=failed, error_text="z" * 5_000_000, traceback="t" * 5_000_000 + "the end")
    page = alice.get(page_of(failed))
    assertContains(page, "Cut after 20,000 ")
    assertContains(page, "the end")
    assertContains(page, "Cut after 20,000 of 5,000,000 characters.")
    assertContains(page, "Only the last 20,000 of 5,000,007 characters.")
    assert len(page.content) < 300_000
    assert len(alice.get(LIST).content) < 50_000


# The outbox


def test_alice_sees_what_waits_in_the_outbox_and_why(alice: Client) -> None:
    message = OutboxMessage.objects.create(
        message_id="5e1c7f0a-3f0e-4c59-9c50-6a6f3d5b8f11",
        type="orders.order_placed",
        body=HOSTILE.encode(),
        available_at=timezone.now(),
        parked_reason="RabbitMQ has no queue for it.",
    )
    assertContains(alice.get("/admin/messaging/outboxmessage/"), "RabbitMQ has no queue for it.")
    url = f"/admin/messaging/outboxmessage/{message.pk}/change/"
    assertContains(alice.get(url), "&lt;script&gt;")
    for forbidden in (url, f"/admin/messaging/outboxmessage/{message.pk}/delete/"):
        assert alice.post(forbidden, {"post": "yes"}).status_code == 403


def selection(*failed: FailedJob) -> dict[str, object]:
    return {"action": "retry_selected", "_selected_action": [each.pk for each in failed]}
