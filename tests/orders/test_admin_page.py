"""The page of an order: what happened to its e-mails, and what staff do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from messaging import repair
from messaging.models import FailedJob, OutboxMessage, PublishedMessage
from messaging.outbox import publish
from orders.admin.orders import OrderAdmin
from orders.events import OrderPlaced
from orders.models import Order, OrderEmail
from tests.factories import FailedJobFactory, JobAttemptFactory, OrderEmailFactory, OrderFactory, confirmed
from tests.messaging.staff import HOSTILE, signed_in
from tests.messaging.staff import page_of as page_of_job

pytestmark = pytest.mark.django_db

REFUSED = "SMTPRecipientsRefused: {'alcie@example.org': (550, b'no such user')}"
SUPPORT = ["view_order", "change_order", "view_failedjob", "see_addresses"]


@pytest.fixture
def sam(db: None) -> Client:
    """The browser of Sam, who may do everything that there is to do."""
    client = Client()
    client.force_login(User.objects.create_superuser("sam"))
    return client


def page_of(order: Order) -> str:
    return f"/admin/orders/order/{order.pk}/change/"


def bounced(**changes: Any) -> tuple[Order, FailedJob]:
    """Alice has mistyped her address, and the mail server knows nobody there."""
    order = OrderFactory.create(email="alcie@example.org", **changes)
    failed = FailedJobFactory.create(subject=order.subject, kind=FailedJob.Kind.PERMANENT, error=REFUSED, attempts=1)
    JobAttemptFactory.create(
        failed_job=failed, number=1, error_class="smtplib.SMTPRecipientsRefused", error_text=REFUSED.partition(": ")[2]
    )
    return order, failed


def test_the_timeline_tells_what_happened_in_that_order(sam: Client) -> None:
    # Given an order whose address bounced, was corrected and retried by Sue, and whose e-mail was sent then
    began = datetime(2026, 11, 23, 10, tzinfo=UTC)
    order, failed = bounced(created_at=began)
    failed.job_attempts.update(started_at=began + timedelta(seconds=2))
    sue = User.objects.create_user("sue")
    LogEntry.objects.log_actions(sue.pk, [order], 2, "Corrected the e-mail address from alcie@example.org to a@b.org.")
    repair.retry(FailedJob.objects.all(), by=sue)
    OutboxMessage.objects.all().delete()
    OrderEmailFactory.create(order=order, sent_at=timezone.now() + timedelta(minutes=1), to="a@b.org")
    # When Sam reads the page
    page = sam.get(page_of(order)).text
    # Then he reads it from the beginning to the end
    told = [
        "Placed by the customer",
        "Order confirmation: attempt 1 failed",
        "Corrected the e-mail address from alcie@example.org to a@b.org.",
        "Queued again, in batch",
        "Confirmation sent to a@b.org",
    ]
    places = [page.index(words) for words in told]
    assert places == sorted(places)
    assert "23 Nov 2026, 10:00:02" in page
    assert '<span class="detail">sue</span>' in page


def test_a_message_that_waits_in_the_outbox_is_told(sam: Client) -> None:
    with transaction.atomic():
        order = OrderFactory.create()
        publish(OrderPlaced(order_id=order.pk), subject=order)
        publish(OrderPlaced(order_id=OrderFactory.create().pk), subject=OrderFactory.create())
    OutboxMessage.objects.filter(subject=order.subject).update(parked_reason="312 NO_ROUTE")
    page = sam.get(page_of(order))
    assertContains(page, "In the outbox, to be published from this moment on", count=1)
    assertContains(page, "RabbitMQ did not take it: 312 NO_ROUTE")


def test_a_message_that_rabbitmq_has_is_told_until_its_job_has_settled_it(sam: Client) -> None:
    order = OrderFactory.create()
    assertContains(sam.get(page_of(order)), "none is known to wait anywhere: send it again.")
    now = timezone.now()
    PublishedMessage.objects.create(
        message_id=uuid4(),
        subject=order.subject,
        queue="orders.send_confirmation",
        attempt=1,
        published_at=now,
        look_at=now,
    )
    page = sam.get(page_of(order))
    assertContains(page, "Order confirmation: RabbitMQ has it")
    assertNotContains(page, "none is known to wait anywhere")


def test_what_never_got_as_far_as_an_attempt_is_told_too(sam: Client) -> None:
    order = OrderFactory.create()
    FailedJobFactory.create(subject=order.subject, kind=FailedJob.Kind.CRASH_LOOP, error="Six workers died.")
    page = sam.get(page_of(order))
    assertContains(page, "Order confirmation: crash loop: it ended every worker that tried")
    assertContains(page, "Six workers died.")


def test_nothing_of_another_order_is_told(sam: Client) -> None:
    others, failed = bounced()
    LogEntry.objects.log_actions(User.objects.get().pk, [others], 2, "Something about another order")
    # Its failed job has the key of the order, but it is no order
    order = OrderFactory.create(pk=failed.pk + 1000)
    LogEntry.objects.log_actions(User.objects.get().pk, [FailedJobFactory.create(pk=order.pk)], 2, "Something else")
    page = sam.get(page_of(order))
    for words in ["Something", "attempt 1 failed", "state-needs_attention"]:
        assertNotContains(page, words)
    assertContains(page, "Placed by the customer")


def test_a_page_takes_a_bounded_number_of_queries(sam: Client) -> None:
    order, failed = bounced()
    for number in range(2, 60):
        JobAttemptFactory.create(failed_job=failed, number=number)
        LogEntry.objects.log_actions(User.objects.get().pk, [order], 2, "Looked at it")
        OrderEmailFactory.create(order=order)
    FailedJobFactory.create_batch(3, subject=order.subject)
    with CaptureQueriesContext(connection) as queries:
        page = sam.get(page_of(order))
    assert len(queries) <= 15
    assertContains(page, "What is older is not shown.")
    assertContains(page, "Looked at it", count=50)


def test_sam_corrects_the_address_and_retries_with_one_press(sam: Client) -> None:
    order, failed = bounced()
    bounced()  # to somebody else, whose order stays as it is
    page = sam.get(page_of(order))
    assertContains(page, f'<a href="{page_of_job(failed)}">')
    assertContains(page, 'name="_retry" value="1">Save and retry</button>')
    answer = sam.post(page_of(order), {"email": "alice@example.org", "_retry": "1"}, follow=True)
    assertRedirects(answer, page_of(order))
    assertContains(answer, "1 job queued again.")
    assertContains(answer, "Corrected the e-mail address from alcie@example.org to alice@example.org.")
    order.refresh_from_db()
    failed.refresh_from_db()
    assert (order.email, failed.state) == ("alice@example.org", FailedJob.State.RETRIED)
    assert OutboxMessage.objects.get().message_id == failed.message_id
    assertNotContains(answer, "Save and retry")


def test_an_address_that_is_none_is_refused_and_nothing_is_retried(sam: Client) -> None:
    order, _ = bounced()
    answer = sam.post(page_of(order), {"email": "alice at example", "_retry": "1"})
    assertContains(answer, "Enter a valid email address.")
    assert not OutboxMessage.objects.exists()
    assert not LogEntry.objects.exists()


def test_a_save_without_a_change_leaves_no_trace(sam: Client) -> None:
    order = OrderFactory.create()
    sam.post(page_of(order), {"email": order.email})
    assert not LogEntry.objects.exists()


def test_a_correction_does_not_undo_what_a_worker_has_written_meanwhile(
    sam: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, now = OrderFactory.create(), timezone.now()
    save = OrderAdmin.save_model

    def confirmed_meanwhile(*args: Any) -> None:
        Order.objects.update(confirmed_at=now)
        save(*args)

    monkeypatch.setattr(OrderAdmin, "save_model", confirmed_meanwhile)
    sam.post(page_of(order), {"email": "alice@example.net"})
    order.refresh_from_db()
    assert (order.email, order.confirmed_at) == ("alice@example.net", now)


def test_oscar_from_operations_retries_without_the_right_to_correct() -> None:
    order, _ = bounced()
    oscar = signed_in("oscar", "view_order", "view_failedjob", "retry_failedjob")
    assertContains(oscar.get(page_of(order)), f'formaction="/admin/orders/order/{order.pk}/retry/">Retry</button>')
    answer = oscar.post(f"/admin/orders/order/{order.pk}/retry/", {"email": "mallory@example.org"}, follow=True)
    assertContains(answer, "1 job queued again.")
    order.refresh_from_db()
    assert order.email == "alcie@example.org"
    assert LogEntry.objects.get().user.username == "oscar"


@pytest.mark.parametrize("permissions", [["view_order"], ["retry_failedjob"], SUPPORT])
def test_bob_may_not_retry_without_the_permission(permissions: list[str]) -> None:
    order, _ = bounced()
    bob = signed_in("bob", *permissions)
    assert bob.post(f"/admin/orders/order/{order.pk}/retry/").status_code == 403
    assert bob.post(page_of(order), {"email": "bob@example.org", "_retry": "1"}).status_code == 403
    assert not OutboxMessage.objects.exists()
    assertNotContains(
        bob.get(page_of(order)), "etry</button>", status_code=403 if "view_order" not in permissions else 200
    )
    order.refresh_from_db()
    assert order.email == "alcie@example.org"


@pytest.mark.parametrize(
    "permissions", [["view_order"], ["view_order", "see_addresses"], ["view_order", "change_order"]]
)
def test_nobody_corrects_an_address_without_the_rights_to_change_it_and_to_see_it(permissions: list[str]) -> None:
    order = OrderFactory.create()
    bob = signed_in("bob", *permissions)
    assertNotContains(bob.get(page_of(order)), 'name="email"')
    bob.post(page_of(order), {"email": "mallory@example.org", "_save": "Save"})
    order.refresh_from_db()
    assert order.email == "alice@example.org"


def test_bob_who_may_not_see_addresses_sees_none_anywhere() -> None:
    order, failed = bounced(note="Write to zoe@example.org, too")
    with transaction.atomic():
        publish(OrderPlaced(order_id=order.pk), subject=order)
    OutboxMessage.objects.update(parked_reason="For zoe@example.org")
    OrderEmailFactory.create(order=order)
    sam = User.objects.create_superuser("sam")
    for row in (order, failed):
        LogEntry.objects.log_actions(sam.pk, [row], 2, "Corrected from alcie@example.org to zoe@example.org.")
    pages = [page_of(order), f"/admin/orders/order/{order.pk}/history/"]
    pages += [f"/admin/orders/order/{order.pk}/preview/shipped/{part}/" for part in ("html", "text")]
    bob = signed_in("bob", "view_order", "change_order", "resend_confirmation", "retry_failedjob", "view_failedjob")
    for address in pages:
        page = bob.get(address)
        assertNotContains(page, "alcie@")
        assertNotContains(page, "zoe@")
        assertContains(page, "@example.org")
    client = Client()
    client.force_login(sam)
    for address in pages:
        assertContains(client.get(address), "zoe@example.org")


def test_what_has_not_happened_takes_no_line(sam: Client) -> None:
    order = OrderFactory.create(shipping=Decimal("4.90"), note="")
    page = sam.get(page_of(order))
    assertContains(page, "€4.90")
    assertContains(page, "Placed:")
    for label in ("Note:", "Paid:", "Shipped:", "Cancelled:", "Anonymised:"):
        assertNotContains(page, label)
    Order.objects.update(note="To the back door", shipped_at=timezone.now(), shipping=0)
    page = sam.get(page_of(order))
    for words in ("Note:", "To the back door", "Shipped:", "free"):
        assertContains(page, words)


@pytest.mark.parametrize("kind", OrderEmail.Kind.values)
def test_the_e_mails_are_shown_in_frames_that_can_do_nothing(sam: Client, kind: str) -> None:
    order = OrderFactory.create(name=HOSTILE)
    page = sam.get(page_of(order))
    assertContains(page, "<iframe sandbox title=", count=6)
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    html, text = (sam.get(f"/admin/orders/order/{order.pk}/preview/{kind}/{part}/") for part in ("html", "text"))
    for address in (html, text):
        assertContains(page, f'src="{address.request["PATH_INFO"]}"')
    assert (html["Content-Type"], text["Content-Type"]) == ("text/html; charset=utf-8", "text/plain; charset=utf-8")
    for part in (html, text):
        policy = part["Content-Security-Policy"].split("; ")
        assert {
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            "frame-ancestors 'self'",
            "form-action 'none'",
        } <= set(policy)
        assert any(directive.strip() == "sandbox" for directive in policy)
        assert "script-src" not in part["Content-Security-Policy"]
        assert part["X-Frame-Options"] == "SAMEORIGIN"
        assertContains(part, order.number)
    assertNotContains(html, HOSTILE)
    assert "frame-src" not in sam.get("/admin/orders/order/")["Content-Security-Policy"]


def test_the_preview_is_for_those_who_may_see_the_order(sam: Client) -> None:
    order = OrderFactory.create()
    address = f"/admin/orders/order/{order.pk}/preview"
    assert sam.get(f"{address}/confirmation/pictures/").status_code == 404
    assert sam.get(f"{address}/advertisement/html/").status_code == 404
    assert sam.post(f"{address}/confirmation/html/").status_code == 405
    assert signed_in("bob", "view_failedjob").get(f"{address}/confirmation/html/").status_code == 403
    assert Client().get(f"{address}/confirmation/html/").status_code == 302


def test_hostile_words_are_shown_harmlessly(sam: Client) -> None:
    order = OrderFactory.create(name=HOSTILE, note=HOSTILE)
    failed = FailedJobFactory.create(subject=order.subject, error=HOSTILE + "\u202e" + "x" * 100_000)
    JobAttemptFactory.create(failed_job=failed, error_text=HOSTILE)
    page = sam.get(page_of(order))
    assertNotContains(page, HOSTILE)
    assertNotContains(page, "\u202e")
    assert len(page.content) < 100_000


def test_of_an_order_that_is_confirmed_nothing_else_is_asked(sam: Client) -> None:
    page = sam.get(page_of(confirmed()))
    assertContains(page, "Nothing about this order has failed.")
    assertNotContains(page, "Save and retry")
