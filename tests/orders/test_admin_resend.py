"""Resend: from the list and from the page, once, audited, and only by those who may."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from messaging.models import OutboxMessage
from orders.admin import resend
from orders.models import Order
from tests.factories import OrderFactory
from tests.messaging.staff import signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/orders/order/"


@pytest.fixture
def sue(db: None) -> Client:
    """The browser of Sue from support, who may see orders and have confirmations sent again."""
    return signed_in("sue", "view_order", "resend_confirmation", "see_addresses")


def page_of(order: Order) -> str:
    return f"{LIST}{order.pk}/change/"


def resend_of(order: Order) -> str:
    return f"{LIST}{order.pk}/resend/"


def requests() -> int:
    return OutboxMessage.objects.filter(type="orders.confirmation_requested").count()


def test_sue_presses_the_button_on_the_page_of_an_order(sue: Client) -> None:
    order = OrderFactory.create()
    sue.handler.enforce_csrf_checks = True
    form = re.search(
        rf'action="({re.escape(resend_of(order))})">.*?value="(\w+)"><button>', sue.get(page_of(order)).text
    )
    assert form
    answer = sue.post(form[1], {"csrfmiddlewaretoken": form[2]}, follow=True)
    assertRedirects(answer, page_of(order))
    assertContains(answer, "1 confirmation queued.")
    assertContains(answer, "Asked for the confirmation to be sent again to alice@example.org.")
    entry = LogEntry.objects.get()
    assert (requests(), entry.user.username, entry.object_id) == (1, "sue", str(order.pk))


def test_sue_has_two_of_three_confirmations_sent_again_from_the_list(sue: Client) -> None:
    first, second, _ = OrderFactory.create_batch(3)
    form = {"action": "resend_confirmation", "_selected_action": [first.pk, second.pk]}
    assertContains(sue.post(LIST, form, follow=True), "2 confirmations queued.")
    assert set(OutboxMessage.objects.values_list("subject", flat=True)) == {first.subject, second.subject}
    assert LogEntry.objects.filter(change_message__contains="sent again to alice@example.org").count() == 2


def test_a_double_click_sends_one_e_mail(sue: Client) -> None:
    order = OrderFactory.create()
    sue.post(resend_of(order))
    assertContains(sue.post(resend_of(order), follow=True), "1 left out: somebody asked for it less than a minute ago.")
    assert requests() == LogEntry.objects.count() == 1


def test_later_or_to_a_corrected_address_it_is_sent_again(sue: Client) -> None:
    order = OrderFactory.create()
    sue.post(resend_of(order))
    Order.objects.update(email="alice@example.net")
    sue.post(resend_of(order))
    assert requests() == 2
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        sue.post(resend_of(order))
    assert requests() == 3


def test_a_link_cannot_send_anything(sue: Client) -> None:
    order = OrderFactory.create()
    answer = sue.get(resend_of(order))
    assert (answer.status_code, answer["Allow"], requests()) == (405, "POST", 0)


def test_another_site_cannot_send_in_the_name_of_sue() -> None:
    order = OrderFactory.create()
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("sam"))
    assert client.post(resend_of(order)).status_code == 403
    assert requests() == 0


@pytest.mark.parametrize("permissions", [[], ["view_order"], ["resend_confirmation"], ["view_order", "change_order"]])
def test_bob_may_not_send_without_the_permission(permissions: list[str]) -> None:
    order = OrderFactory.create()
    bob = signed_in("bob", *permissions)
    assert bob.post(resend_of(order)).status_code == 403
    bob.post(LIST, {"action": "resend_confirmation", "_selected_action": [order.pk]})
    form = {"email": "mallory@example.org", "_resend": "1"}
    bob.post(page_of(order), form)
    assert requests() == 0
    if "view_order" in permissions:
        assertNotContains(bob.get(page_of(order)), "again</button>")
        assertNotContains(bob.get(LIST), "resend_confirmation")


def test_an_order_that_is_gone_is_not_found(sue: Client) -> None:
    assert sue.post(f"{LIST}4711/resend/").status_code == 404


def test_so_many_at_once_are_refused_as_a_whole(sue: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resend, "MOST", 2)
    orders = OrderFactory.create_batch(3)
    form = {"action": "resend_confirmation", "_selected_action": [order.pk for order in orders]}
    assertContains(sue.post(LIST, form, follow=True), "At most 2 confirmations can be sent again in one go")
    assert requests() == 0


def test_correct_the_address_and_send_again_is_one_press() -> None:
    order = OrderFactory.create(email="alcie@example.org")
    sue = signed_in("sue", "view_order", "change_order", "resend_confirmation", "see_addresses")
    answer = sue.post(page_of(order), {"email": "alice@example.org", "_resend": "1"}, follow=True)
    assertRedirects(answer, page_of(order))
    assertContains(answer, "Corrected the e-mail address from alcie@example.org to alice@example.org.")
    assertContains(answer, "sent again to alice@example.org.")
    assert requests() == 1
