from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from messaging.jobs import job
from messaging.models import FailedJob
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
    if request_id is None and order.confirmed_at:
        yield  # staff were faster: they have had it sent to an address that works
        return
    message_id = emails.send_confirmation(order, request_id=request_id)
    yield
    now = timezone.now()
    # A second copy that goes out after a crash has the same Message-ID: it is the same e-mail, and one row.
    OrderEmail.objects.bulk_create(
        [
            OrderEmail(
                order=order,
                kind=OrderEmail.Kind.CONFIRMATION,
                to=order.email,
                message_id=message_id,
                sent_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    Order.objects.filter(pk=order.pk).update(confirmed_at=now)
    if request_id:
        # The customer has the confirmation, so no earlier message about it needs anybody's attention any more.
        FailedJob.objects.filter(
            subject=order.subject, state=FailedJob.State.NEEDS_ATTENTION, queue="orders.send_confirmation"
        ).update(state=FailedJob.State.RESOLVED)
