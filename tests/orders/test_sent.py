"""Retry of a failed confirmation sends nothing when the customer has it already, however it came to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains

from messaging.events import encode
from messaging.jobs import Asked
from messaging.models import Batch, FailedJob, OutboxMessage
from messaging.repair import retry
from orders.events import ConfirmationRequested, OrderPlaced
from orders.models import Order, OrderEmail
from orders.sent import WHY, sent_since
from tests.factories import FailedJobFactory, OrderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return User.objects.create_superuser("alice")


def ago(hours: float) -> datetime:
    return timezone.now() - timedelta(hours=hours)


def failed_confirmation(order: Order, *, published: datetime, resend: bool = False) -> FailedJob:
    placed, again = OrderPlaced(order_id=order.pk), ConfirmationRequested(order_id=order.pk, request_id=uuid4())
    message_id, subject = uuid4(), f"orders.order/{order.pk}"
    body = encode(again if resend else placed, message_id=message_id, source="shop", time=published, subject=subject)
    return FailedJobFactory.create(message_id=message_id, subject=subject, body=body)


def accepted(order: Order, *, sent_at: datetime) -> None:
    """A mail server has taken a confirmation of this order."""
    OrderEmail.objects.create(
        order=order, kind="confirmation", to=order.email, message_id=str(uuid4()), sent_at=sent_at
    )


def retried(by: User) -> Batch:
    return retry(FailedJob.objects.all(), by=by)


def test_a_confirmation_that_a_resend_has_sent_is_not_sent_again(alice: User) -> None:
    order = OrderFactory.create()
    failed = failed_confirmation(order, published=ago(3))
    accepted(order, sent_at=ago(1))
    batch = retried(by=alice)
    assert (batch.taken, batch.skipped, batch.done_already) == (0, 0, {WHY: 1})
    assert not OutboxMessage.objects.exists()
    failed.refresh_from_db()
    assert failed.state == FailedJob.State.RESOLVED


def test_alice_is_told_so_on_the_page_of_the_job(alice: User, client: Client) -> None:
    order = OrderFactory.create()
    failed = failed_confirmation(order, published=ago(3))
    accepted(order, sent_at=ago(1))
    client.force_login(alice)
    page = client.post(f"/admin/messaging/failedjob/retry/?ids={failed.pk}", follow=True)
    assertContains(page, "1 job not queued: the e-mail has gone out meanwhile; Resend on the order sends another one.")


def test_a_confirmation_that_nobody_has_is_sent(alice: User) -> None:
    order, another = OrderFactory.create_batch(2)
    failed_confirmation(order, published=ago(3))
    accepted(another, sent_at=ago(1))
    assert retried(by=alice).taken == 1


def test_a_resend_sends_again_although_the_first_confirmation_has_gone_out(alice: User) -> None:
    order = OrderFactory.create()
    accepted(order, sent_at=ago(3))
    failed_confirmation(order, published=ago(1), resend=True)
    assert retried(by=alice).taken == 1


def test_a_resend_after_which_another_one_went_out_is_not_sent(alice: User) -> None:
    order = OrderFactory.create()
    failed_confirmation(order, published=ago(2), resend=True)
    accepted(order, sent_at=ago(1))
    assert retried(by=alice).done_already == {WHY: 1}


@pytest.mark.parametrize("body", [b"", b"\xff", b"x" * 5_000_000, b'{"specversion": "1.0"}'])
def test_bytes_that_are_no_message_of_ours_are_retried_as_staff_said(alice: User, body: bytes) -> None:
    FailedJobFactory.create(body=body)
    assert retried(by=alice).taken == 1


def test_a_thousand_are_judged_by_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sent, unsent = OrderFactory.create_batch(2)
    accepted(sent, sent_at=ago(1))
    asked = [Asked(OrderPlaced(order_id=order.pk), ago(2)) for order in (sent, unsent) for _ in range(500)]
    with django_assert_num_queries(1):
        assert sent_since(asked) == [WHY] * 500 + [""] * 500
