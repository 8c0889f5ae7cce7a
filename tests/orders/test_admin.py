from __future__ import annotations

import pytest
from django.test import Client

from orders.models import Order
from tests.factories import OrderFactory


@pytest.mark.parametrize("typed", ["{number}", "#{number}", "alice@", "Larsen"])
def test_staff_find_an_order_by_what_the_customer_tells_them(admin_client: Client, typed: str) -> None:
    alices = OrderFactory.create()
    bobs = OrderFactory.create(name="Bob", email="bob@example.org")
    page = admin_client.get("/admin/orders/order/", {"q": typed.format(number=alices.number)}).content.decode()
    assert str(alices.number) in page
    assert str(bobs.number) not in page


def test_staff_correct_a_mistyped_address_and_nothing_else(admin_client: Client) -> None:
    order = OrderFactory.create(email="alcie@example.org")
    form = {"email": "alice@example.org", "name": "Mallory", "total": "0.01"}
    response = admin_client.post(f"/admin/orders/order/{order.pk}/change/", form)
    assert response.status_code == 302
    changed = Order.objects.get()
    assert (changed.email, changed.name, changed.total) == ("alice@example.org", order.name, order.total)


def test_staff_read_the_lines_and_cannot_delete_an_order(admin_client: Client) -> None:
    order = OrderFactory.create()
    page = admin_client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert order.lines.get().name in page
    assert admin_client.post(f"/admin/orders/order/{order.pk}/delete/", {"post": "yes"}).status_code == 403
