"""How an order ends: its parcel is on its way, or it is cancelled. Each end is announced in its own transaction."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from messaging.outbox import publish
from orders.events import OrderCancelled, OrderShipped
from orders.models import Order
from shop.catalog.models import Product


@transaction.atomic
def ship(*, order: Order) -> bool:
    """False if it had been shipped or cancelled before: then nothing happens, and nobody hears of it twice."""
    if not Order.objects.open().filter(pk=order.pk).update(shipped_at=timezone.now()):
        return False
    publish(OrderShipped(order_id=order.pk), subject=order)
    return True


@transaction.atomic
def cancel(*, order: Order) -> bool:
    """Give the stock back and tell the customer; False if the order had been shipped or cancelled before."""
    if not Order.objects.open().filter(pk=order.pk).update(cancelled_at=timezone.now()):
        return False
    # In primary key order, as checkouts take.
    for product, quantity in order.lines.order_by("product").values_list("product", "quantity"):
        Product.objects.restock(pk=product, by=quantity)
    publish(OrderCancelled(order_id=order.pk), subject=order)
    return True
