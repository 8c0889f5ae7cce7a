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

PATIENTLY = Backoff(first=timedelta(seconds=5), attempts=10)


@job(OrderPlaced, ConfirmationRequested, retry=PATIENTLY, title="Order confirmation")
def send_confirmation(event: OrderPlaced | ConfirmationRequested) -> Iterator[None]:
    if isinstance(event, OrderPlaced):
        yield from deliver(event.order_id, OrderEmail.Kind.CONFIRMATION, emails.send_confirmation)
        return
    again = partial(emails.send_confirmation, request_id=event.request_id)
    yield from deliver(event.order_id, OrderEmail.Kind.CONFIRMATION, again)
    settle_earlier_failures(event.order_id)


@job(OrderShipped, retry=PATIENTLY, title="Shipping notice")
def send_shipped(event: OrderShipped) -> Iterator[None]:
    yield from deliver(event.order_id, OrderEmail.Kind.SHIPPED, emails.send_shipped)


@job(OrderCancelled, retry=PATIENTLY, title="Cancellation")
def send_cancelled(event: OrderCancelled) -> Iterator[None]:
    yield from deliver(event.order_id, OrderEmail.Kind.CANCELLED, emails.send_cancelled)


def deliver(order_id: int, kind: OrderEmail.Kind, send: Callable[[Order], str]) -> Iterator[None]:
    order = Order.objects.with_lines().get(pk=order_id)
    if order.anonymised_at:
        yield
        return  # there is nobody left to write to
    message_id = send(order)
    yield
    # A second copy that goes out after a crash has the same Message-ID: it is the same e-mail, and one row.
    OrderEmail.objects.bulk_create(
        [OrderEmail(order=order, kind=kind, to=order.email, message_id=message_id, sent_at=timezone.now())],
        ignore_conflicts=True,
    )


def settle_earlier_failures(order_id: int) -> None:
    """The customer has a confirmation now. Those that could not be sent before are nothing to look after any more."""
    FailedJob.objects.filter(
        subject=f"{Order._meta.label_lower}/{order_id}",
        queue="orders.send_confirmation",
        state=FailedJob.State.NEEDS_ATTENTION,
    ).update(state=FailedJob.State.RESOLVED, next_attempt_at=None)
