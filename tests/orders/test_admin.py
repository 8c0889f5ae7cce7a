from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from messaging.models import OutboxMessage
from orders.models import Order, OrderEmail
from tests.factories import OrderFactory


def test_staff_ask_for_two_confirmations_again(admin_client: Client) -> None:
    orders = OrderFactory.create_batch(2)
    response = admin_client.post(
        "/admin/orders/order/",
        {"action": "resend_confirmation", "_selected_action": [order.pk for order in orders]},
        follow=True,
    )
    assert "2 confirmations queued." in response.content.decode()
    assert OutboxMessage.objects.filter(type="orders.confirmation_requested").count() == 2
    assert LogEntry.objects.filter(change_message__contains="sent again to alice@example.org").count() == 2


@pytest.mark.parametrize("typed", ["{number}", "#{number}", "alice@", "Larsen"])
def test_staff_find_an_order_by_what_the_customer_tells_them(admin_client: Client, typed: str) -> None:
    alices = OrderFactory.create()
    bobs = OrderFactory.create(name="Bob", email="bob@example.org")
    page = admin_client.get("/admin/orders/order/", {"q": typed.format(number=alices.number)}).content.decode()
    assert str(alices.number) in page
    assert str(bobs.number) not in page


def test_the_list_says_whose_confirmation_went_out(admin_client: Client) -> None:
    order = OrderFactory.create()
    assert "on its way" in admin_client.get("/admin/orders/order/").content.decode()
    order.emails.create(
        kind=OrderEmail.Kind.CONFIRMATION, to=order.email, message_id="<1@shop>", sent_at=timezone.now()
    )
    assert f"sent {timezone.localtime():%d %b %Y}" in admin_client.get("/admin/orders/order/").content.decode()


def test_staff_correct_a_mistyped_address_and_nothing_else(admin_client: Client) -> None:
    order = OrderFactory.create(email="alcie@example.org")
    form = {"email": "alice@example.org", "name": "Mallory", "total": "0.01"}
    for inline in ("lines", "emails"):
        form |= {f"{inline}-TOTAL_FORMS": "0", f"{inline}-INITIAL_FORMS": "0"}
    response = admin_client.post(f"/admin/orders/order/{order.pk}/change/", form)
    assert response.status_code == 302
    changed = Order.objects.get()
    assert (changed.email, changed.name, changed.total) == ("alice@example.org", order.name, order.total)


def test_staff_read_the_lines_and_cannot_delete_an_order(admin_client: Client) -> None:
    order = OrderFactory.create()
    page = admin_client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert order.lines.get().name in page
    assert admin_client.post(f"/admin/orders/order/{order.pk}/delete/", {"post": "yes"}).status_code == 403
