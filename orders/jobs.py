from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from messaging.jobs import job
from messaging.retry import Backoff
from orders import emails
from orders.events import ConfirmationRequested, OrderPlaced
from orders.models import Order, OrderEmail
from orders.sent import sent_since


@job(
    OrderPlaced,
    ConfirmationRequested,
    retry=Backoff(first=timedelta(seconds=5), attempts=10),
    title="Order confirmation",
    done_already=sent_since,
)
def send_confirmation(event: OrderPlaced | ConfirmationRequested) -> Iterator[None]:
    order = Order.objects.with_lines().get(pk=event.order_id)
    request_id = event.request_id if isinstance(event, ConfirmationRequested) else None
    message_id = emails.send_confirmation(order, request_id=request_id)
    yield
    # A second copy that goes out after a crash has the same Message-ID: it is the same e-mail, and one row.
    OrderEmail.objects.bulk_create(
        [
            OrderEmail(
                order=order,
                kind=OrderEmail.Kind.CONFIRMATION,
                to=order.email,
                message_id=message_id,
                sent_at=timezone.now(),
            )
        ],
        ignore_conflicts=True,
    )
