"""What customers do in acceptance tests."""

from __future__ import annotations

from django.db import transaction

from messaging.outbox import publish
from orders.events import OrderPlaced
from orders.models import Order
from tests.factories import OrderFactory


def place_order() -> Order:
    with transaction.atomic():
        order = OrderFactory.create()
        publish(OrderPlaced(order_id=order.pk), subject=order)
    return order


def in_the_post(order: Order) -> str:
    """How a mail server knows it."""
    return str(order.number)
