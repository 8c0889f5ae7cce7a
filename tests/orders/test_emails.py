from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone
from django.utils.translation import get_language
from pytest_django import DjangoAssertNumQueries, Settings

from orders import emails
from orders.emails import COMPOSE
from orders.models import Order, OrderEmail
from orders.payment import mark_paid
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
    settings.REPLY_TO_EMAIL = "help@leaf.example"
    order = OrderFactory.create()
    message_id = emails.send_confirmation(order)
    sent = mail.outbox[0].message()
    assert sent["Subject"] == f"Order {order.number} confirmed - Mug & Leaf"
    assert sent["To"] == "alice@example.org"
    assert sent["Reply-To"] == "help@leaf.example"
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


def test_postage_vat_and_the_bank_account_stand_in_both_parts(settings: Settings) -> None:
    settings.BANK_IBAN, settings.PAYMENT_DAYS = "DE02120300000000202051", 10
    order = OrderFactory.create(total=Decimal("17.40"), shipping=Decimal("4.90"), vat_percent=Decimal(19))
    for part in both_parts(order):
        for said in ("€4.90", "€17.40", "includes 19% VAT: €2.78", "Please transfer €17.40 within 10 days"):
            assert said in part
        assert "DE02 1203 0000 0000 2020 51" in part
    settings.BANK_IBAN = ""
    for part in both_parts(order):
        assert "The invoice with our bank details is in the parcel." in part
    mark_paid(order=order, reference="1")
    order.refresh_from_db()
    for part in both_parts(order):
        assert "how to pay" not in part.lower()
        assert "IBAN" not in part


@pytest.mark.parametrize("kind", OrderEmail.Kind)
def test_a_german_order_gets_german_e_mails_whatever_the_worker_speaks(kind: OrderEmail.Kind) -> None:
    order = OrderFactory.create(language="de", shipping=Decimal("4.90"), vat_percent=Decimal(19))
    message = COMPOSE[kind](order)
    html = str(message.alternatives[0][0])
    assert message.subject.startswith(f"Bestellung {order.number}")
    assert message.message()["Content-Language"] == "de"
    assert '<html lang="de">' in html
    for part in (str(message.body), html):
        assert "Guten Tag Alice Larsen," in part
        assert "12,50\N{NO-BREAK SPACE}€" in part
        assert not re.search(r"\b(order|your|the|please|total|postage)\b", without_tags(part), re.IGNORECASE)
    assert get_language() == "en"


@pytest.mark.parametrize("kind", OrderEmail.Kind)
def test_every_e_mail_has_lines_total_address_of_the_page_and_a_message_id_of_its_own(kind: OrderEmail.Kind) -> None:
    order = OrderFactory.create()
    message = COMPOSE[kind](order)
    for part in (str(message.body), str(message.alternatives[0][0])):
        for said in (order.lines.get().name, "€12.50", order.status_url, "If something is wrong, just reply"):
            assert said in part
    ids = {COMPOSE[each](order).message()["Message-ID"] for each in OrderEmail.Kind}
    assert len(ids) == len(OrderEmail.Kind)
    assert message.message()["Message-ID"] == COMPOSE[kind](order).message()["Message-ID"]
    assert not mail.outbox


@pytest.mark.parametrize("kind", OrderEmail.Kind)
def test_old_mail_programs_can_show_it(kind: OrderEmail.Kind) -> None:
    html = str(COMPOSE[kind](OrderFactory.create(shipping=Decimal("4.90"))).alternatives[0][0])
    assert not re.search(r"<(style|link|script|img|svg|section|div class|button|form)\b|class=|flex|grid", html)
    assert html.count("<table") == html.count("</table>") >= 4
    assert html.count("<tr>") == html.count("</tr>")
    assert len(html) < 30_000  # Gmail cuts what is above 102 kB


def test_times_are_those_of_the_shops_clock(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    placed = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    order = OrderFactory.create(created_at=placed, shipped_at=placed)
    with timezone.override("Asia/Tokyo"):  # whoever looks at it from elsewhere
        assert "2 July 2026, 00:30" in str(emails.compose_confirmation(order).body)
        assert "your parcel left us on 2 July 2026." in str(emails.compose_shipped(order).body)


def test_a_cancelled_order_that_was_paid_gets_its_money_back() -> None:
    order = OrderFactory.create(cancelled_at=timezone.now())
    assert "There is nothing to pay" in str(emails.compose_cancelled(order).body)
    order.paid_at = timezone.now()
    assert "We send the €12.50 that you paid back" in str(emails.compose_cancelled(order).body)


def test_composing_needs_no_query_when_the_lines_are_there(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    order = Order.objects.with_lines().get(pk=OrderFactory.create().pk)
    with django_assert_num_queries(0):
        emails.compose_confirmation(order)


def without_tags(text: str) -> str:
    return re.sub(r"<[^>]*>|https?://\S+", " ", text)


def both_parts(order: Order) -> tuple[str, str]:
    message = emails.compose_confirmation(order)
    return str(message.body), str(message.alternatives[0][0])
