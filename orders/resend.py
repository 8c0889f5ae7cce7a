"""Customers ask for their confirmation once more, and correct the address that it goes to."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from messaging.outbox import publish
from orders.events import ConfirmationRequested
from orders.models import ConfirmationRequest, Order

#: Requests for one order: enough for somebody who mistypes twice, too few to bury anybody in e-mails.
MOST = 3
WITHIN = timedelta(hours=1)


class TooOften(Exception):
    """Nothing was sent or changed; later it will be."""


class TooLate(Exception):
    """The order has ended. Nothing was sent or changed."""


@transaction.atomic
def send_again(*, order: Order) -> ConfirmationRequest:
    """Raises TooOften, and TooLate for an order that was cancelled."""
    # Requests for one order wait here for each other: two at once cannot both be the last that is allowed.
    locked = Order.objects.select_for_update().get(pk=order.pk)
    if locked.cancelled_at or locked.anonymised_at:
        raise TooLate
    if locked.confirmation_requests.filter(made_at__gt=timezone.now() - WITHIN).count() >= MOST:
        raise TooOften
    request_id = uuid4()
    message = publish(ConfirmationRequested(order_id=locked.pk, request_id=request_id), subject=locked)
    return ConfirmationRequest.objects.create(order=locked, request_id=request_id, message_id=message.message_id)


@transaction.atomic
def correct_email(*, order: Order, email: str) -> ConfirmationRequest:
    """Change the address and send the confirmation there. Raises TooOften, and TooLate once the order has ended."""
    if not Order.objects.open().filter(pk=order.pk).update(email=email):
        raise TooLate
    return send_again(order=order)
