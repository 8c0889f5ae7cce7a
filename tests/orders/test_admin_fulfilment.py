from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from messaging.models import OutboxMessage
from orders.models import Order
from tests.factories import OrderFactory

LIST = "/admin/orders/order/"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("action", "button", "warning", "log", "event"),
    [
        ("mark_paid", "Mark 2 orders as paid", "The customer sees it on the status page.", "Marked as paid.", ""),
        (
            "mark_shipped",
            "Mark 2 orders as shipped",
            "The customer gets an e-mail.",
            "Marked as shipped.",
            "orders.order_shipped",
        ),
        ("cancel", "Cancel 2 orders", "The pieces go back into the stock", "Cancelled.", "orders.order_cancelled"),
    ],
)
def test_staff_are_asked_first_and_then_it_is_done_and_written_down(
    admin_client: Client, action: str, button: str, warning: str, log: str, event: str
) -> None:
    orders = OrderFactory.create_batch(2)
    asked = choose(admin_client, action, orders).content.decode()
    assert f'<input type="submit" class="default" value="{button}">' in asked
    assert warning in asked
    assert "This cannot be undone." in asked
    assert all(str(order.number) in asked for order in orders)
    assert not LogEntry.objects.exists()
    assert not OutboxMessage.objects.exists()

    done = choose(admin_client, action, orders, confirmed=action).content.decode()
    assert f"{log} 2 orders: {orders[0].number}, {orders[1].number}" in done
    assert list(LogEntry.objects.values_list("change_message", flat=True)) == [log, log]
    assert list(OutboxMessage.objects.values_list("type", flat=True)) == ([event, event] if event else [])

    again = choose(admin_client, action, orders, confirmed=action).content.decode()
    assert "Left as it was, because it had been" in again
    assert LogEntry.objects.count() == 2


def test_staff_write_down_how_the_bank_calls_the_payment(admin_client: Client) -> None:
    first, second = OrderFactory.create_batch(2)
    choose(admin_client, "mark_paid", [first], confirmed="mark_paid", reference="statement 7, line 3")
    choose(admin_client, "mark_paid", [second], confirmed="mark_paid")
    assert list(Order.objects.order_by("pk").values_list("paid_reference", flat=True)) == [
        "statement 7, line 3",
        "noted by admin",
    ]


def test_staff_anonymise_an_order_that_has_ended_and_no_other(admin_client: Client) -> None:
    still_open, ended = OrderFactory.create_batch(2)
    choose(admin_client, "cancel", [ended], confirmed="cancel")
    page = choose(admin_client, "anonymise", [still_open, ended], confirmed="anonymise").content.decode()
    assert f"Anonymised. 1 order: {ended.number}" in page
    assert f"is still open: ship or cancel it first: {still_open.number}" in page
    ended.refresh_from_db()
    assert (ended.name, ended.email, ended.address) == ("", "", "")
    assert [entry.change_message for entry in LogEntry.objects.filter(object_id=ended.pk)] == [
        "Anonymised.",
        "Cancelled.",
    ]


@pytest.mark.parametrize(
    ("rights", "done"),
    [({"change_order", "see_addresses"}, set()), ({"fulfil_order"}, {"shipped"}), ({"anonymise_order"}, {"forgotten"})],
    ids=["who corrects addresses", "who ships", "who anonymises"],
)
def test_each_deed_takes_its_own_right(
    rights: set[str], done: set[str], client: Client, django_user_model: type[User]
) -> None:
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in={"view_order", *rights}))
    client.force_login(clerk)
    placed, cancelled = OrderFactory.create(), OrderFactory.create(cancelled_at=timezone.now())
    choose(client, "mark_shipped", [placed], confirmed="mark_shipped")
    choose(client, "anonymise", [cancelled], confirmed="anonymise")
    placed.refresh_from_db()
    cancelled.refresh_from_db()
    found = {"shipped"} if placed.shipped_at else set()
    assert found | ({"forgotten"} if cancelled.name != "Alice Larsen" else set()) == done


def test_nobody_does_it_to_more_orders_than_a_form_can_name(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.admin.fulfilment.MOST_AT_ONCE", 1)
    page = choose(admin_client, "cancel", OrderFactory.create_batch(2), confirmed="cancel").content.decode()
    assert "Please take at most 1 orders at a time. Nothing was done." in page
    assert not LogEntry.objects.exists()


def choose(client: Client, action: str, orders: list[Order], **more: Any) -> Any:
    form = {"action": action, "_selected_action": [order.pk for order in orders], **more}
    return client.post(LIST, form, follow=True)
