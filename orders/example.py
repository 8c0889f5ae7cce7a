"""An order that nobody has placed, for those who want to see an e-mail. It is never saved."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from orders.models import Order, OrderLine
from orders.totals import shipping_for

LINES = {
    "en": (("Harbour mug", "18.50", 2), ("Sencha, spring harvest", "9.80", 1)),
    "de": (("Hafenbecher", "18.50", 2), ("Sencha, Frühlingsernte", "9.80", 1)),
}


def example_order(language: str = "en") -> Order:
    """Open and not paid. Its lines are in its language, and come without a query."""
    lines = [
        OrderLine(pk=number, name=name, unit_price=Decimal(price), quantity=quantity)
        for number, (name, price, quantity) in enumerate(LINES.get(language, LINES["en"]), start=1)
    ]
    goods = sum((line.amount for line in lines), Decimal("0.00"))
    order = Order(
        pk=42,
        token="example-of-an-order",  # noqa: S106 - it leads nowhere
        checkout_key=UUID(int=42),
        name="Alice Larsen",
        email="alice@example.org",
        address="12 Harbour Street\n1050 Copenhagen\nDenmark",
        note="Please ring twice.",
        language=language,
        total=goods + shipping_for(goods),
        shipping=shipping_for(goods),
        vat_percent=settings.VAT_PERCENT,
        created_at=timezone.now() - timedelta(minutes=1),
    )
    # As prefetch_related("lines") leaves it.
    vars(order)["_prefetched_objects_cache"] = {"lines": lines}
    return order
