from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from messaging.models import FailedJob, OutboxMessage
from orders.models import Order, OrderEmail
from shop.catalog.models import Product
from tests.factories import OrderFactory, ProductFactory, typed_by_alice
from tests.orders.conftest import Shopper


def test_alice_orders_and_reads_the_number(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create(), 2)
    response = alice.checks_out()
    order = Order.objects.get()
    assert response.status_code == 302
    assert response.headers["Location"] == f"/orders/{order.token}/"
    page = alice.reads(response.headers["Location"])
    assert f'data-order-number="{10000 + order.pk}"' in page
    assert "It is on its way" in page
    assert "There is nothing in it yet" in alice.reads("/cart/")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Tell us your name"),
        ({"name": "Alice\nBcc: bob@example.org"}, "Write this on one line"),
        ({"name": "Alice\r\n"}, "Write this on one line"),
        ({"name": "Alice\x00"}, "Write this on one line"),
        ({"name": "A" * 101}, "A name can have 100 characters; this one has 101."),
        ({"email": ""}, "Tell us your e-mail address"),
        ({"email": "alice"}, "This is not a complete e-mail address."),
        ({"email": "alice@example.org\nBcc: bob@example.org"}, "Write this on one line"),
        ({"email": f"{'a' * 60}@{'b.' * 120}org"}, "An e-mail address can have 254 characters"),
        ({"address": "  "}, "Tell us where to send the parcel."),
        ({"address": "x" * 4000}, "An address can have 1000 characters; this one has 4000."),
        ({"address": "\x00"}, "Null characters are not allowed."),
        ({"note": "x" * 1001}, "A note can have 1000 characters; this one has 1001."),
    ],
)
def test_what_cannot_be_right_gets_a_sentence_beside_its_field(
    alice: Shopper, typed: dict[str, str], sentence: str
) -> None:
    mug = ProductFactory.create(stock=5)
    alice.puts_in_cart(mug)
    response = alice.checks_out(**typed)
    page = response.content.decode()
    (field,) = typed
    assert response.status_code == 422
    assert re.search(rf'id="id_{field}_error"><p>[^<]*{re.escape(sentence)}', page)
    assert re.search(rf'name="{field}"[^>]*aria-describedby="[^"]*id_{field}_error"', page)
    assert not Order.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert Product.objects.get().stock == 5


def test_a_form_that_comes_back_is_filled_in(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create())
    page = alice.checks_out(email="alice", note="Ring twice").content.decode()
    assert 'value="Alice Larsen"' in page
    assert "12 Harbour Street" in page
    assert "Ring twice" in page


def test_bob_buys_the_last_mugs_while_alice_types(alice: Shopper, bob: Shopper) -> None:
    # Given three mugs and one pot, all in Alice's cart
    mug, pot = ProductFactory.create(stock=3), ProductFactory.create(stock=1)
    alice.puts_in_cart(mug, 3)
    alice.puts_in_cart(pot)
    key = alice.key_on(alice.reads("/checkout/"))
    # When Bob buys two of the mugs and the pot, and Alice sends her form
    bob.puts_in_cart(mug, 2)
    bob.puts_in_cart(pot)
    bob.checks_out()
    response = alice.client.post("/checkout/", {"checkout_key": key, **typed_by_alice()})
    # Then she has her form again, filled in, with what became of each line, and only Bob has an order
    page = response.content.decode()
    assert response.status_code == 422
    assert f"There is only 1 left of {mug.name}: we changed your cart from 3 to that." in page
    assert f"{pot.name} has just sold out, so we took it out of your cart." in page
    assert 'value="Alice Larsen"' in page
    assert Order.objects.count() == 1
    # And when she sends that, she has the mug that was left
    response = alice.client.post("/checkout/", {"checkout_key": alice.key_on(page), **typed_by_alice()})
    assert response.status_code == 302
    assert Product.objects.get(pk=mug.pk).stock == 0


def test_alice_reads_her_typing_even_when_everything_has_sold_out(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create(stock=1))
    key = alice.key_on(alice.reads("/checkout/"))
    Product.objects.update(stock=0)
    page = alice.client.post("/checkout/", {"checkout_key": key, **typed_by_alice()}).content.decode()
    assert "has just sold out" in page
    assert 'value="Alice Larsen"' in page
    assert "Place the order" not in page


def test_a_double_click_gives_the_same_order_though_the_first_emptied_the_cart(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create(stock=1))
    form = {"checkout_key": alice.key_on(alice.reads("/checkout/")), **typed_by_alice()}
    first = alice.client.post("/checkout/", form)
    second = alice.client.post("/checkout/", form)
    assert first.headers["Location"] == second.headers["Location"]
    assert Order.objects.count() == 1


def test_a_reload_of_an_old_checkout_leaves_the_new_cart_alone(alice: Shopper) -> None:
    mug = ProductFactory.create()
    alice.puts_in_cart(mug)
    form = {"checkout_key": alice.key_on(alice.reads("/checkout/")), **typed_by_alice()}
    alice.client.post("/checkout/", form)
    alice.puts_in_cart(mug)
    alice.client.post("/checkout/", form)
    assert mug.name in alice.reads("/cart/")


@pytest.mark.parametrize("key", ["", "x", str(uuid4()), f"{uuid4()}:12.50:forged", "\x00"])
def test_a_key_that_the_shop_did_not_issue_gets_a_sentence(alice: Shopper, key: str) -> None:
    alice.puts_in_cart(ProductFactory.create())
    response = alice.checks_out(checkout_key=key)
    assert response.status_code == 422
    assert "Nothing was ordered: please send it once more." in response.content.decode()
    assert not Order.objects.exists()


def test_a_price_that_rose_while_alice_typed_is_shown_before_she_orders(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create(price=Decimal("12.50")))
    key = alice.key_on(alice.reads("/checkout/"))
    Product.objects.update(price=Decimal("15.00"))
    page = alice.client.post("/checkout/", {"checkout_key": key, **typed_by_alice()}).content.decode()
    assert "Please look at the new total before you order." in page
    assert "€15.00" in page
    assert not Order.objects.exists()


def test_a_product_that_vanished_while_alice_typed_is_named_before_she_orders(alice: Shopper) -> None:
    mug, tea = ProductFactory.create_batch(2)
    alice.puts_in_cart(mug)
    alice.puts_in_cart(tea)
    key = alice.key_on(alice.reads("/checkout/"))
    Product.objects.filter(pk=tea.pk).update(is_active=False)
    response = alice.client.post("/checkout/", {"checkout_key": key, **typed_by_alice()})
    assert response.status_code == 422
    assert f"{tea.name} is no longer sold" in response.content.decode()
    assert not Order.objects.exists()


def test_an_empty_cart_cannot_be_ordered(alice: Shopper) -> None:
    response = alice.client.post("/checkout/", typed_by_alice())
    assert response.status_code == 422
    assert "Your cart is empty, so nothing was ordered." in response.content.decode()
    assert "There is nothing in it yet" in alice.reads("/checkout/")


def test_the_status_page_says_where_the_confirmation_went_and_stops_looking(alice: Shopper) -> None:
    order = OrderFactory.create()
    assert 'http-equiv="refresh"' in alice.reads(order.get_absolute_url())
    sent_at = timezone.now().replace(hour=12, minute=3)
    with time_machine.travel(sent_at, tick=False):
        order.emails.create(kind=OrderEmail.Kind.CONFIRMATION, to=order.email, message_id="<1@shop>", sent_at=sent_at)
        page = alice.reads(order.get_absolute_url())
    assert re.search(r"sent to <strong>a\*\*\*@example.org</strong> at 12:03", page)
    assert order.email not in page
    assert 'http-equiv="refresh"' not in page


def test_the_status_page_is_told_to_nobody(alice: Shopper) -> None:
    response = alice.client.get(OrderFactory.create().get_absolute_url())
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in response.headers["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert alice.client.get("/orders/guessed/").status_code == 404


def test_after_ten_minutes_the_status_page_says_that_it_takes_longer(alice: Shopper) -> None:
    order = OrderFactory.create(created_at=timezone.now() - timedelta(minutes=11))
    page = alice.reads(order.get_absolute_url())
    assert "It takes longer than usual." in page
    assert 'http-equiv="refresh"' not in page


def test_the_status_page_does_not_promise_an_e_mail_that_was_refused(alice: Shopper) -> None:
    order = OrderFactory.create()
    FailedJob.objects.create(
        message_id=uuid4(),
        queue="orders.send_confirmation",
        subject=f"orders.order/{order.pk}",
        state=FailedJob.State.NEEDS_ATTENTION,
        kind=FailedJob.Kind.PERMANENT,
        body=b"",
        last_failed_at=timezone.now(),
    )
    page = alice.reads(order.get_absolute_url())
    assert "We could not deliver it" in page
    assert 'http-equiv="refresh"' not in page
