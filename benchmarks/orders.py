"""Customers of a benchmark: they place real orders through the shop's own checkout function."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from messaging import outbox
from messaging.events import Event, encode
from messaging.models import OutboxMessage
from orders.cart import Cart, CartLine
from orders.checkout import CheckoutDetails, place_order
from orders.models import Order
from shop.catalog.models import Product

DETAILS = CheckoutDetails(name="Alice Miller", email="alice@example.org", address="1 Harbour Street\n12345 Bay")


def cart() -> Cart:
    """Two lines, as most orders have."""
    mug, tea = Product.objects.order_by("pk")[:2]
    return Cart(lines=(CartLine(mug, 1), CartLine(tea, 2)))


def place(count: int) -> list[Order]:
    """Place orders quickly: this is preparation, so the disk need not have them when it is over."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
        contents = cart()
        placed = [place_order(cart=contents, details=DETAILS, key=uuid4()) for _ in range(count)]
        cursor.execute("SET synchronous_commit TO DEFAULT")
    return placed


def hold_outbox() -> None:
    """Nothing is due until `release_outbox()`, so that workers can start before the clock does."""
    OutboxMessage.objects.update(available_at=timezone.now() + timedelta(days=1))


def release_outbox() -> None:
    OutboxMessage.objects.update(available_at=timezone.now())
    outbox.hint()


def fill_outbox(events: Sequence[tuple[Event, Order]]) -> None:
    """The rows that publish() would write, many at once."""
    now, source = timezone.now(), settings.MESSAGING["PREFIX"]
    rows = []
    for event, order in events:
        message_id, subject = uuid7(), f"orders.order/{order.pk}"
        body = encode(event, message_id=message_id, source=source, time=now, subject=subject)
        rows.append(OutboxMessage(message_id=message_id, type=event.type, subject=subject, body=body, available_at=now))
    OutboxMessage.objects.bulk_create(rows, batch_size=5000)
