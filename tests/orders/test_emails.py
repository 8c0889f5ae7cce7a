from __future__ import annotations

from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from orders import emails
from orders.models import Order
from tests.factories import OrderFactory, OrderLineFactory, ProductFactory

pytestmark = pytest.mark.django_db


def test_alice_reads_what_she_ordered_where_it_goes_and_what_it_costs() -> None:
    order = OrderFactory.create(note="Ring twice")
    tea = ProductFactory.create(name="Tea & honey", price="9.80")
    OrderLineFactory.create(order=order, product=tea, quantity=3)
    text, html = both_parts(order)
    for part in (text, html):
        for said in (str(order.number), "€29.40", "€12.50", "12 Harbour Street", "Ring twice", order.status_url):
            assert said in part
    assert "3 x Tea & honey, €9.80 each: €29.40" in text
    assert "Tea &amp; honey" in html


def test_what_alice_typed_is_text_and_never_markup() -> None:
    order = OrderFactory.create(name="<b>Alice</b>", address="<script>\n{{ order.token }}")
    text, html = both_parts(order)
    assert "Hello <b>Alice</b>," in text
    assert "&lt;b&gt;Alice&lt;/b&gt;" in html
    assert "&lt;script&gt;<br>{{ order.token }}" in html


def test_the_headers_say_which_order_and_that_a_machine_wrote_it(settings: Settings) -> None:
    settings.SHOP_NAME = "Mug & Leaf"
    settings.DEFAULT_FROM_EMAIL = "Mug & Leaf <orders@leaf.example>"
    order = OrderFactory.create()
    message_id = emails.send_confirmation(order)
    sent = mail.outbox[0].message()
    assert sent["Subject"] == f"Order {order.number} confirmed - Mug & Leaf"
    assert sent["To"] == "alice@example.org"
    assert sent["X-Order-Number"] == str(order.number)
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["Message-ID"] == message_id
    assert message_id.endswith("@leaf.example>")
    assert [part.get_content_type() for part in sent.walk()][1:] == ["text/plain", "text/html"]


def test_every_try_of_one_confirmation_has_the_same_message_id_and_a_requested_one_has_its_own() -> None:
    order = OrderFactory.create()
    request = uuid4()
    first, again = emails.send_confirmation(order), emails.send_confirmation(order)
    requested, requested_again = (emails.send_confirmation(order, request_id=request) for _ in range(2))
    other = emails.send_confirmation(OrderFactory.create())
    assert first == again
    assert requested == requested_again
    assert len({first, requested, other}) == 3


def test_a_message_id_does_not_give_the_status_page_away() -> None:
    order = OrderFactory.create()
    assert order.token not in emails.send_confirmation(order)


def both_parts(order: Order) -> tuple[str, str]:
    emails.send_confirmation(order)
    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    return str(message.body), str(message.alternatives[0][0])
