from __future__ import annotations

from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.events import Event
from messaging.jobs import registered
from messaging.models import FailedJob
from orders.events import ConfirmationRequested, OrderCancelled, OrderPlaced, OrderShipped
from orders.jobs import send_confirmation
from orders.models import Order, OrderEmail
from tests.factories import FailedJobFactory, OrderFactory

pytestmark = pytest.mark.django_db


def test_alices_confirmation_goes_out_and_is_recorded() -> None:
    order = OrderFactory.create()
    run(OrderPlaced(order_id=order.pk))
    record = OrderEmail.objects.get()
    assert mail.outbox[0].to == [order.email]
    assert (record.order, record.to) == (order, order.email)
    assert record.message_id == mail.outbox[0].message()["Message-ID"]


def test_nothing_is_written_before_the_mail_server_has_the_e_mail() -> None:
    job = send_confirmation(OrderPlaced(order_id=OrderFactory.create().pk))
    next(job)
    assert len(mail.outbox) == 1
    assert not OrderEmail.objects.exists()


def test_two_queries_are_enough_to_send(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    job = send_confirmation(OrderPlaced(order_id=OrderFactory.create().pk))
    with django_assert_num_queries(2):
        next(job)


def test_a_second_copy_after_a_crash_is_one_record() -> None:
    event = OrderPlaced(order_id=OrderFactory.create().pk)
    run(event)
    Order.objects.update(confirmed_at=None)
    run(event)
    assert (OrderEmail.objects.count(), len(mail.outbox)) == (1, 2)


def test_staff_corrected_the_address_so_the_requested_confirmation_goes_there() -> None:
    order = OrderFactory.create(email="alcie@example.org")
    run(OrderPlaced(order_id=order.pk))
    Order.objects.update(email="alice@example.org")
    run(ConfirmationRequested(order_id=order.pk, request_id=uuid4()))
    assert [email.to for email in OrderEmail.objects.order_by("pk")] == ["alcie@example.org", "alice@example.org"]


def test_the_order_says_when_its_confirmation_went_out() -> None:
    order = OrderFactory.create()
    run(OrderPlaced(order_id=order.pk))
    order.refresh_from_db()
    assert order.confirmed_at == OrderEmail.objects.get().sent_at


def test_staff_had_it_sent_so_the_message_that_failed_needs_no_attention_and_sends_no_second_copy() -> None:
    # Given the failed confirmations of two orders
    order, another = OrderFactory.create_batch(2)
    for each in (order, another):
        FailedJobFactory.create(subject=each.subject)
    # When staff have one of them sent again, and somebody retries the failed one anyway
    run(ConfirmationRequested(order_id=order.pk, request_id=uuid4()))
    run(OrderPlaced(order_id=order.pk))
    # Then its customer has it once, and the other order still needs attention
    assert len(mail.outbox) == OrderEmail.objects.count() == 1
    assert FailedJob.objects.get(state=FailedJob.State.NEEDS_ATTENTION).subject == another.subject


def test_alice_hears_that_her_parcel_is_on_its_way_and_bob_that_he_gets_none() -> None:
    alices, bobs = OrderFactory.create(), OrderFactory.create(email="bob@example.org")
    run(OrderShipped(order_id=alices.pk))
    run(OrderCancelled(order_id=bobs.pk))
    assert [each.subject.split(" - ")[0] for each in mail.outbox] == [
        f"Order {alices.number} is on its way",
        f"Order {bobs.number} is cancelled",
    ]
    assert set(OrderEmail.objects.values_list("order", "kind", "to")) == {
        (alices.pk, "shipped", "alice@example.org"),
        (bobs.pk, "cancelled", "bob@example.org"),
    }


def test_a_confirmation_that_was_asked_for_settles_those_that_had_failed() -> None:
    order, other = OrderFactory.create_batch(2)
    failed, others = (FailedJobFactory.create(subject=f"orders.order/{each.pk}") for each in (order, other))
    notice = FailedJobFactory.create(subject=f"orders.order/{order.pk}", queue="orders.send_shipped")
    run(ConfirmationRequested(order_id=order.pk, request_id=uuid4()))
    states = dict(FailedJob.objects.values_list("pk", "state"))
    assert states == {failed.pk: "resolved", others.pk: "needs_attention", notice.pk: "needs_attention"}


def test_nobody_writes_to_a_customer_who_wants_to_be_forgotten() -> None:
    order = OrderFactory.create(shipped_at=timezone.now(), anonymised_at=timezone.now(), email="")
    for event in (OrderPlaced(order_id=order.pk), OrderShipped(order_id=order.pk)):
        run(event)
    assert not mail.outbox
    assert not OrderEmail.objects.exists()


def test_an_order_that_was_deleted_is_said_to_be_missing() -> None:
    with pytest.raises(Order.DoesNotExist):
        run(OrderPlaced(order_id=4711))


def run(event: Event) -> None:
    [job] = [job for job in registered().values() if type(event) in job.events]
    for _ in job.function(event) or ():
        pass
