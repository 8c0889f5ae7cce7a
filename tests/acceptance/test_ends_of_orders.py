"""What is to happen once happens once, also when everybody does it at the same moment."""

from __future__ import annotations

from uuid import uuid4

import pytest

from messaging.models import OutboxMessage
from orders import resend
from orders.checkout import place_order
from orders.fulfilment import cancel, ship
from orders.models import ConfirmationRequest, Order
from orders.payment import mark_paid
from shop.catalog.models import Product
from tests.acceptance.test_last_pieces import all_at_once
from tests.factories import ALICE, OrderFactory, ProductFactory, cart_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_eight_colleagues_cancel_an_order_and_its_pieces_come_back_once() -> None:
    order = place_order(cart=cart_of(ProductFactory.create(stock=10), quantity=4), details=ALICE, key=uuid4())
    assert sorted(all_at_once(lambda: cancel(order=order), people=8)) == [False] * 7 + [True]
    assert Product.objects.get().stock == 10
    assert OutboxMessage.objects.filter(type="orders.order_cancelled").count() == 1


def test_of_colleagues_who_ship_and_who_cancel_one_wins() -> None:
    order = place_order(cart=cart_of(ProductFactory.create(stock=10)), details=ALICE, key=uuid4())
    ends = iter([ship, cancel] * 4)
    assert sorted(all_at_once(lambda: next(ends)(order=order), people=8)) == [False] * 7 + [True]
    after = Order.objects.get()
    assert (after.shipped_at is None) != (after.cancelled_at is None)
    assert Product.objects.get().stock == (9 if after.shipped_at else 10)
    assert OutboxMessage.objects.exclude(type="orders.order_placed").count() == 1


def test_a_provider_says_it_eight_times_at_once_and_one_payment_is_noted() -> None:
    order = OrderFactory.create()
    names = iter(f"payment-{number}" for number in range(8))
    assert sorted(all_at_once(lambda: mark_paid(order=order, reference=next(names)), people=8)) == [False] * 7 + [True]


def test_a_customer_who_asks_ten_times_at_once_gets_three_e_mails() -> None:
    order = OrderFactory.create()

    def ask() -> bool:
        try:
            resend.send_again(order=order)
        except resend.TooOften:
            return False
        return True

    assert sum(all_at_once(ask, people=10)) == resend.MOST
    assert ConfirmationRequest.objects.count() == OutboxMessage.objects.count() == resend.MOST
