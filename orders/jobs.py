from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.utils import timezone

from messaging.jobs import job
from messaging.models import FailedJob
from messaging.retry import Backoff
from orders import emails
from orders.events import ConfirmationRequested, OrderCancelled, OrderPlaced, OrderShipped
from orders.models import Order, OrderEmail
from orders.sent import sent_since

Kind = OrderEmail.Kind

PATIENTLY = Backoff(first=timedelta(seconds=5), attempts=10)


@job(OrderPlaced, ConfirmationRequested, retry=PATIENTLY, title="Order confirmation", done_already=sent_since)
def send_confirmation(event: OrderPlaced | ConfirmationRequested) -> Iterator[None]:
    order = load(event.order_id)
    if isinstance(event, ConfirmationRequested):
        yield from deliver(order, Kind.CONFIRMATION, partial(emails.send_confirmation, request_id=event.request_id))
        settle_earlier_failures(order)
    elif order.confirmed_at:
        yield  # somebody was faster: it has been sent again, to an address that works
    else:
        yield from deliver(order, Kind.CONFIRMATION, emails.send_confirmation)


@job(OrderShipped, retry=PATIENTLY, title="Shipping notice")
def send_shipped(event: OrderShipped) -> Iterator[None]:
    yield from deliver(load(event.order_id), Kind.SHIPPED, emails.send_shipped)


@job(OrderCancelled, retry=PATIENTLY, title="Cancellation")
def send_cancelled(event: OrderCancelled) -> Iterator[None]:
    yield from deliver(load(event.order_id), Kind.CANCELLED, emails.send_cancelled)


def load(order_id: int) -> Order:
    return Order.objects.get(pk=order_id)


def deliver(order: Order, kind: Kind, send: Callable[[Order], str]) -> Iterator[None]:
    if order.anonymised_at:
        yield
        return  # there is nobody left to write to
    message_id = send(order)
    yield
    now = timezone.now()
    # A second copy that goes out after a crash has the same Message-ID: it is the same e-mail, and one row.
    OrderEmail.objects.bulk_create(
        [OrderEmail(order=order, kind=kind, to=order.email, message_id=message_id, sent_at=now)], ignore_conflicts=True
    )
    if kind == Kind.CONFIRMATION:
        Order.objects.filter(pk=order.pk).update(confirmed_at=now)


def settle_earlier_failures(order: Order) -> None:
    """The customer has a confirmation now. Those that could not be sent before are nothing to look after any more."""
    FailedJob.objects.filter(
        subject=order.subject, queue="orders.send_confirmation", state=FailedJob.State.NEEDS_ATTENTION
    ).update(state=FailedJob.State.RESOLVED, next_attempt_at=None)
