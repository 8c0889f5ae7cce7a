from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertContains, assertNotContains

from messaging import subjects
from messaging.models import FailedJob
from tests.factories import FailedJobFactory, OrderFactory
from tests.messaging.staff import HOSTILE, LIST, page_of, signed_in

pytestmark = pytest.mark.django_db


def test_alice_sees_what_failed_for_whom_and_why(alice: Client) -> None:
    order = OrderFactory.create()
    failed = FailedJobFactory.create(
        subject=f"orders.order/{order.pk}", error="SMTPDataError: 451 try later", attempts=10
    )
    page = alice.get(LIST)
    assertContains(page, f'<a href="{page_of(failed)}">Order confirmation for order {order.number} <span')
    assertContains(page, f'<a href="/admin/orders/order/{order.pk}/change/">Order {order.number}</a>', html=True)
    for words in ["SMTPDataError: 451 try later", "10 of 10", "attempts used up", "needs attention", failed.queue]:
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
    assertContains(page, "retrying</span> next <time")
    assertContains(page, "23 Nov, 14:05</time>")


def test_thirty_jobs_take_as_many_queries_as_one(alice: Client) -> None:
    for order in OrderFactory.create_batch(2):
        FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    with CaptureQueriesContext(connection) as for_two:
        alice.get(LIST)
    for order in OrderFactory.create_batch(28):
        FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    with CaptureQueriesContext(connection) as for_thirty:
        assertContains(alice.get(LIST), ">Order 1", count=30)
    assert len(for_thirty) == len(for_two) <= 10


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
    ("sought", "found"),
    [
        ("FULL mailbox", True),  # words, in any order
        ('"mailbox is full"', True),
        ('"full mailbox"', False),
        ("mailbox empty", False),
        ("Müller 100%", True),
        ("100_", False),  # no wildcards
        ("%", True),
        ('"', False),
        ("'mailbox", False),
    ],
)
def test_alice_finds_an_error_by_its_words(alice: Client, sought: str, found: bool) -> None:
    failed = FailedJobFactory.create(error="552 Mailbox is full: 100% of Müller's limit")
    page = alice.get(LIST, {"q": sought, "state": "all"})
    assert (page_of(failed) in page.content.decode()) == found


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
        assertContains(page, "Order confirmation")
        assertNotContains(page, HOSTILE)


def test_bob_may_not_see_orders_so_he_is_told_nothing_of_them() -> None:
    order = OrderFactory.create()
    FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    page = signed_in("bob", "view_failedjob").get(LIST)
    assertContains(page, f"orders.order/{order.pk}")
    assertNotContains(page, f"Order {order.number}")


@pytest.mark.parametrize("typed", ["{number}", "#{number}", "alice@example.org", "Larsen"])
def test_alice_finds_a_job_by_what_the_customer_tells_her(alice: Client, typed: str) -> None:
    # Given failed e-mails of Alice Larsen and of Bob, whose messages hold no more than the orders' keys
    alices, bobs = OrderFactory.create(), OrderFactory.create(name="Bob", email="bob@example.org")
    for order in (alices, bobs):
        FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    page = alice.get(LIST, {"q": typed.format(number=alices.number)})
    assertContains(page, f"order {alices.number}")
    assertNotContains(page, f"order {bobs.number}")


def test_bob_who_may_not_see_orders_finds_no_job_by_a_customer() -> None:
    order = OrderFactory.create()
    failed = FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    assertNotContains(signed_in("bob", "view_failedjob").get(LIST, {"q": order.email}), page_of(failed))


def test_a_search_that_fits_too_many_customers_looks_at_the_errors(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subjects, "MOST_FOUND", 1)
    OrderFactory.create_batch(2)
    FailedJobFactory.create(error="550 <alice@example.org> is unknown")
    page = alice.get(LIST, {"q": "alice@example.org"})
    assertContains(page, "So many customers match that only the errors have been searched.")
    assertContains(page, "is unknown")


def test_filters_say_how_many_jobs_they_would_show(alice: Client) -> None:
    FailedJobFactory.create_batch(3, kind=FailedJob.Kind.PERMANENT)
    FailedJobFactory.create_batch(2, queue="orders.print_label")
    FailedJobFactory.create(state=FailedJob.State.RESOLVED)
    page = alice.get(LIST)
    for words in [
        "needs attention (5)",
        "resolved (1)",
        "discarded (0)",
        "permanent error (3)",
        "attempts used up (2)",
    ]:
        assertContains(page, words)
    for words in ["Order confirmation (3)", "orders.print_label (2)", "all (6)", "all (5)"]:
        assertContains(page, words)
    narrowed = alice.get(LIST, {"kind": "permanent"})
    assertContains(narrowed, "needs attention (3)")
    assertContains(narrowed, "attempts used up (2)")
    assertNotContains(narrowed, "orders.print_label (")


def test_what_failed_alike_is_one_line_with_buttons(alice: Client) -> None:
    for customer in range(3):
        FailedJobFactory.create(
            error_class="smtplib.SMTPRecipientsRefused",
            error=f"SMTPRecipientsRefused: {{'{customer}@example.org': (550, b'no such user')}}",
        )
    FailedJobFactory.create_batch(2, error_class="TimeoutError", error="TimeoutError: timed out")
    FailedJobFactory.create(error="the only one of its kind")
    page = alice.get(LIST)
    assertContains(page, "<strong>3</strong> \N{MULTIPLICATION SIGN} SMTPRecipientsRefused</a>")
    assertContains(page, "<strong>2</strong> \N{MULTIPLICATION SIGN} TimeoutError</a>")
    assertContains(page, "<strong>6</strong> on this list: needs attention.")
    [address] = re.findall(r'href="(\?alike=\w+)"><strong>3', page.text)
    group = alice.get(LIST + address)
    assertContains(group, "needs attention, SMTPRecipientsRefused in Order confirmation")
    assertNotContains(group, "timed out")


def test_an_empty_list_offers_no_repairs(alice: Client) -> None:
    FailedJobFactory.create(state=FailedJob.State.RESOLVED)
    for query in ("", "?state=resolved", "?state=all"):
        assertNotContains(alice.get(LIST + query), "on this list")


@pytest.mark.parametrize("query", ["batch=x", "batch=" + "9" * 30, "alike=x", "kind=x", "queue=x", "state=x", "q=%00"])
def test_filters_that_make_no_sense_show_nothing(alice: Client, query: str) -> None:
    FailedJobFactory.create()
    assert alice.get(f"{LIST}?{query}", follow=True).status_code == 200
