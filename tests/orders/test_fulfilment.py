from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from messaging.models import OutboxMessage
from orders.checkout import place_order
from orders.fulfilment import cancel, ship
from orders.models import Order
from orders.payment import mark_paid
from shop.catalog.models import Product
from tests.factories import ALICE, OrderFactory, ProductFactory, cart_of

pytestmark = pytest.mark.django_db


def test_shipping_is_announced_once() -> None:
    order = OrderFactory.create()
    assert ship(order=order)
    assert not ship(order=order)
    assert announced(order) == ["orders.order_shipped"]
    order.refresh_from_db()
    assert order.state == Order.State.SHIPPED


def test_cancelling_gives_the_pieces_back_once_and_announces_it_once() -> None:
    mug, tea = ProductFactory.create(stock=10), ProductFactory.create(stock=1)
    order = place_order(cart=cart_of(mug, tea), details=ALICE, key=uuid4())
    assert stock_of(mug, tea) == [9, 0]
    assert cancel(order=order)
    assert not cancel(order=order)
    assert stock_of(mug, tea) == [10, 1]
    assert announced(order) == ["orders.order_placed", "orders.order_cancelled"]


def test_an_order_ends_in_one_way_only() -> None:
    shipped, cancelled = OrderFactory.create_batch(2)
    ship(order=shipped)
    cancel(order=cancelled)
    before = list(Product.objects.order_by("pk").values_list("stock", flat=True))
    assert not cancel(order=shipped)
    assert not ship(order=cancelled)
    assert list(Product.objects.order_by("pk").values_list("stock", flat=True)) == before
    assert announced(shipped) == ["orders.order_shipped"]
    assert announced(cancelled) == ["orders.order_cancelled"]


def test_the_database_refuses_an_order_that_was_shipped_and_cancelled() -> None:
    order = OrderFactory.create(shipped_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(cancelled_at=timezone.now())


def test_an_end_whose_announcement_fails_has_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr("orders.fulfilment.publish", fail)
    order = OrderFactory.create()
    stock = order.lines.get().product.stock
    for end in (ship, cancel):
        with pytest.raises(RuntimeError, match="no room"):
            end(order=order)
    order.refresh_from_db()
    assert order.state == Order.State.PLACED
    assert order.lines.get().product.stock == stock


def test_a_provider_says_twice_that_an_order_is_paid_and_the_first_time_counts() -> None:
    order = OrderFactory.create()
    assert mark_paid(order=order, reference="payment-1")
    order.refresh_from_db()
    paid_at = order.paid_at
    assert paid_at is not None
    assert not mark_paid(order=order, reference="payment-2")
    order.refresh_from_db()
    assert (order.paid_at, order.paid_reference) == (paid_at, "payment-1")


def test_money_that_comes_for_a_cancelled_order_is_noted() -> None:
    order = OrderFactory.create()
    cancel(order=order)
    assert mark_paid(order=order, reference="late")


def announced(order: Order) -> list[str]:
    messages = OutboxMessage.objects.filter(subject=f"orders.order/{order.pk}").order_by("pk")
    return list(messages.values_list("type", flat=True))


def stock_of(*products: Product) -> list[int]:
    return [Product.objects.get(pk=product.pk).stock for product in products]
