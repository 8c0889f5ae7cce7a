"""Many people at once, each on a database connection of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar
from uuid import uuid4

import pytest
from django.db import connection

from messaging.models import OutboxMessage
from orders.checkout import OutOfStock, place_order
from orders.models import Order
from shop.catalog.models import Product
from tests.factories import ALICE, ProductFactory, cart_of

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")


def test_200_shoppers_go_for_the_last_10_pieces_and_exactly_10_are_sold() -> None:
    mug = ProductFactory.create(stock=10)

    def shop() -> Order | None:
        try:
            return place_order(cart=cart_of(mug), details=ALICE, key=uuid4())
        except OutOfStock:
            return None

    orders = [order for order in all_at_once(shop, people=200) if order]

    assert len(orders) == 10
    assert Order.objects.count() == 10
    assert OutboxMessage.objects.count() == 10
    assert Product.objects.get().stock == 0


def test_shoppers_who_want_the_same_things_in_another_order_do_not_block_each_other() -> None:
    mugs = ProductFactory.create_batch(4, stock=1000)
    carts = iter([cart_of(*mugs), cart_of(*reversed(mugs))] * 20)

    orders = all_at_once(lambda: place_order(cart=next(carts), details=ALICE, key=uuid4()), people=40)

    assert len(set(orders)) == 40
    assert set(Product.objects.values_list("stock", flat=True)) == {960}


def test_alices_impatient_clicks_make_one_order() -> None:
    mug = ProductFactory.create(stock=1)
    key = uuid4()

    orders = all_at_once(lambda: place_order(cart=cart_of(mug), details=ALICE, key=key), people=8)

    assert len(set(orders)) == 1
    assert Order.objects.count() == OutboxMessage.objects.count() == 1
    assert Product.objects.get().stock == 0


def all_at_once(act: Callable[[], T], *, people: int) -> list[T]:
    """Let everybody act at the same moment, as far as the database has room for them."""
    room = min(people, connections_allowed())
    door = Barrier(room)

    def act_and_leave(person: int) -> T:
        if person < room:
            connection.ensure_connection()
            door.wait(timeout=30)
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=room) as pool:
        return list(pool.map(act_and_leave, range(people)))


def connections_allowed() -> int:
    """How many more the database takes. The cluster of `make test` takes 300; PostgreSQL's default is 100."""
    if connection.vendor == "sqlite":
        return 1000
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        allowed: int = int(cursor.fetchone()[0])
    return allowed - 20
