from __future__ import annotations

import re
from decimal import Decimal
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from messaging.models import OutboxMessage
from orders.models import Order
from shop.catalog.models import Product
from tests.factories import ProductFactory, typed_by_alice
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
    assert "Order and pay by invoice" not in page


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


@pytest.mark.parametrize("address", ["/cart/add/", "/cart/update/", "/cart/remove/"])
def test_who_opens_the_address_of_a_form_of_the_cart_sees_the_cart(alice: Shopper, address: str) -> None:
    response = alice.client.get(address)
    assert (response.status_code, response.headers["Location"]) == (302, "/cart/")


def test_postage_vat_and_what_is_missing_for_free_postage_stand_in_the_cart(alice: Shopper, settings: Settings) -> None:
    settings.SHIPPING_FLAT, settings.SHIPPING_FREE_ABOVE = Decimal("4.90"), Decimal("30.00")
    mug = ProductFactory.create(price=Decimal("12.50"))
    alice.puts_in_cart(mug, 2)
    page = alice.reads("/cart/")
    for said in ("<dd>€25.00</dd>", "<dd>€4.90</dd>", "<dd>€29.90</dd>", "includes 19% VAT: €4.77", "€5.00 more, and"):
        assert said in page
    alice.puts_in_cart(mug, 1)
    page = alice.reads("/cart/")
    assert "<dd>free</dd>" in page
    assert "<dd>€37.50</dd>" in page
    assert "more, and postage is free" not in page


def test_a_shop_without_vat_says_nothing_about_it(alice: Shopper, settings: Settings) -> None:
    settings.VAT_PERCENT = Decimal(0)
    alice.puts_in_cart(ProductFactory.create())
    assert "% VAT" not in alice.reads("/cart/")
    alice.checks_out()
    assert "% VAT" not in alice.reads(Order.objects.get().get_absolute_url())


def test_alice_reads_her_lines_what_she_pays_and_what_the_one_button_does(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create(name="Harbour mug", price=Decimal("12.50")), 2)
    page = alice.reads("/checkout/")
    review = page[page.index("Please look it over") : page.index("</form>", page.index("Please look it over"))]
    line = "2 \N{MULTIPLICATION SIGN} Harbour mug"
    for said in (line, "€25.00", "€4.90", "€29.90", "Order and pay by invoice", "you pay within 14 days"):
        assert said in review
    assert review.count("<button") == 1


def test_every_field_of_the_checkout_tells_the_browser_what_it_is(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create())
    page = alice.reads("/checkout/")
    for field, token in {"name": "name", "email": "email", "address": "street-address", "note": "off"}.items():
        assert re.search(rf'name="{field}"[^>]*autocomplete="{token}"', page)


def test_mistakes_stand_in_a_summary_too_that_leads_to_their_fields(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create())
    page = alice.checks_out(name="", email="alice").content.decode()
    summary = page[page.index('class="summary"') : page.index("</ul>")]
    assert "autofocus" in summary
    assert '<a href="#id_name">Name</a>: Tell us your name' in summary
    assert '<a href="#id_email">E-mail</a>: This is not a complete e-mail address.' in summary
    assert "<title>Please check: Checkout" in page


def test_who_chooses_a_language_in_the_checkout_types_nothing_twice(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create())
    assert 'formaction="/checkout/language/" name="language" value="de"' in alice.reads("/checkout/")
    typed = typed_by_alice(email="alice", note='<b>"Ring" twice</b>')
    page = alice.client.post("/checkout/language/", typed | {"language": "de"}).content.decode()
    for words in ('lang="de"', 'value="Alice Larsen"', 'value="alice"', "12 Harbour Street", "&lt;b&gt;&quot;Ring"):
        assert words in page
    assert "Zahlungspflichtig bestellen" in alice.reads("/checkout/")
    answer = alice.client.post("/checkout/", typed_by_alice(checkout_key=alice.key_on(page)))
    assert (answer.status_code, Order.objects.get().language) == (302, "de")


def test_a_language_that_nobody_speaks_changes_nothing(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create())
    page = alice.client.post("/checkout/language/", typed_by_alice(language="tlh")).content.decode()
    assert ('lang="en"' in page, 'value="Alice Larsen"' in page) == (True, True)
    assert alice.client.get("/checkout/language/").headers["Location"] == "/checkout/"


def test_a_german_order_is_german_throughout(alice: Shopper) -> None:
    alice.client.post("/language/", {"language": "de", "next": "/"})
    mug = ProductFactory.create(name="Harbour mug", name_de="Hafenbecher")
    added = alice.puts_in_cart(mug)
    assert "Hafenbecher ist in Ihrem Warenkorb." in alice.reads(added.headers["Location"])
    alice.checks_out()
    order = Order.objects.get()
    assert (order.language, order.lines.get().name) == ("de", "Hafenbecher")
    assert f"Bestellung {order.number} ist eingegangen" in alice.reads(order.get_absolute_url())


@pytest.mark.parametrize("address", ["/cart/", "/checkout/"])
def test_no_page_of_the_cart_takes_more_than_12_queries(
    alice: Shopper, address: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for product in ProductFactory.create_batch(12):
        alice.puts_in_cart(product)
    with django_assert_max_num_queries(12):
        assert alice.reads(address).count("Mug ") >= 12


def test_placing_an_order_of_twelve_products_takes_few_queries(
    alice: Shopper, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for product in ProductFactory.create_batch(12):
        alice.puts_in_cart(product)
    form = {"checkout_key": alice.key_on(alice.reads("/checkout/")), **typed_by_alice()}
    with django_assert_max_num_queries(12 + 18):  # stock is taken product by product; six count the request
        assert alice.client.post("/checkout/", form).status_code == 302
