from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from messaging.models import OutboxMessage
from orders.cart import Cart, CartLine
from orders.checkout import OutOfStock, place_order
from orders.models import Order, OrderLine
from shop.catalog.models import Product
from tests.factories import ALICE, OrderLineFactory, ProductFactory, cart_of

pytestmark = pytest.mark.django_db


def test_alice_orders_two_mugs_and_a_tea() -> None:
    # Given mugs at 12.50 and tea at 9.80
    mug = ProductFactory.create(price=Decimal("12.50"), stock=10)
    tea = ProductFactory.create(price=Decimal("9.80"), stock=5)
    # When Alice orders two mugs and one tea
    order = place_order(cart=Cart(lines=(CartLine(mug, 2), CartLine(tea, 1))), details=ALICE, key=uuid4())
    # Then the order has her lines at those prices, the stock is taken and one event waits for the relay
    assert (order.goods, order.shipping, order.total) == (Decimal("34.80"), Decimal("4.90"), Decimal("39.70"))
    assert [(line.name, line.unit_price, line.quantity) for line in order.lines.all()] == [
        (mug.name, Decimal("12.50"), 2),
        (tea.name, Decimal("9.80"), 1),
    ]
    assert stock_of(mug) == 8
    assert stock_of(tea) == 4
    message = OutboxMessage.objects.get()
    assert (message.type, message.subject) == ("orders.order_placed", f"orders.order/{order.pk}")


def test_an_order_keeps_its_prices_when_the_catalogue_changes() -> None:
    mug = ProductFactory.create(price=Decimal("12.50"))
    order = place_order(cart=cart_of(mug), details=ALICE, key=uuid4())
    Product.objects.filter(pk=mug.pk).update(price=Decimal("99.00"), name="Collector's mug")
    line = order.lines.get()
    assert (line.name, line.unit_price) == (mug.name, Decimal("12.50"))


def test_bob_was_faster_so_alice_hears_what_is_left_of_each_line_and_nothing_is_written() -> None:
    plenty = ProductFactory.create(stock=50)
    scarce = ProductFactory.create(stock=1)
    gone = ProductFactory.create(stock=0)
    with pytest.raises(OutOfStock) as caught:
        place_order(cart=cart_of(plenty, scarce, gone, quantity=2), details=ALICE, key=uuid4())
    assert [(short.line.product, short.left) for short in caught.value.shortages] == [(scarce, 1), (gone, 0)]
    assert not Order.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert stock_of(plenty) == 50


def test_a_product_taken_off_the_shelf_while_alice_checks_out_counts_as_sold_out() -> None:
    mug = ProductFactory.create(stock=50)
    Product.objects.update(is_active=False)
    with pytest.raises(OutOfStock) as caught:
        place_order(cart=cart_of(mug), details=ALICE, key=uuid4())
    assert caught.value.shortages[0].left == 0


def test_the_same_key_again_returns_the_first_order() -> None:
    mug = ProductFactory.create(stock=10)
    key = uuid4()
    first = place_order(cart=cart_of(mug), details=ALICE, key=key)
    again = place_order(cart=cart_of(mug), details=ALICE, key=key)
    assert again == first
    assert stock_of(mug) == 9
    assert OutboxMessage.objects.count() == 1


def test_the_second_click_gets_the_order_even_when_the_first_took_the_last_mug() -> None:
    mug = ProductFactory.create(stock=1)
    key = uuid4()
    first = place_order(cart=cart_of(mug), details=ALICE, key=key)
    assert place_order(cart=cart_of(mug), details=ALICE, key=key) == first


def test_the_database_refuses_a_line_of_nothing() -> None:
    order = place_order(cart=cart_of(ProductFactory.create()), details=ALICE, key=uuid4())
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLineFactory.create(order=order, quantity=0)
    assert OrderLine.objects.count() == 1


def stock_of(product: Product) -> int:
    return Product.objects.get(pk=product.pk).stock
