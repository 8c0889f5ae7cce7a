from __future__ import annotations

from decimal import Decimal

import pytest

from orders import cart
from shop.catalog.models import Product
from tests.factories import ProductFactory
from tests.orders.conftest import Shopper


def test_alice_puts_two_mugs_in_the_cart_and_then_one_more(alice: Shopper) -> None:
    mug = ProductFactory.create(price=Decimal("12.50"))
    alice.puts_in_cart(mug, 2)
    assert alice.puts_in_cart(mug, 1).headers["Location"] == "/cart/"
    assert "€37.50" in alice.reads("/cart/")


def test_the_cart_has_todays_price(alice: Shopper) -> None:
    mug = ProductFactory.create(price=Decimal("12.50"))
    alice.puts_in_cart(mug)
    Product.objects.update(price=Decimal("13.00"))
    assert "€13.00" in alice.reads("/cart/")


def test_a_forged_price_is_not_looked_at(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create(price=Decimal("12.50")), price="0.01", unit_price="0.01")
    page = alice.reads("/cart/")
    assert "€12.50" in page
    assert "0.01" not in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Tell us how many you would like."),
        ("0", "The smallest quantity is 1."),
        ("-3", "The smallest quantity is 1."),
        ("many", "Write the quantity as a whole number"),
        ("2.5", "Write the quantity as a whole number"),
        ("1e3", "Write the quantity as a whole number"),
        ("\x00", "Write the quantity as a whole number"),
        ("100", "We send at most 99 of one product."),
        ("9" * 3000, "We send at most 99 of one product."),
        ("9" * 5000, "Write the quantity as a whole number"),  # Python itself refuses to read that many digits
    ],
)
def test_a_quantity_that_is_none_gets_a_sentence_beside_the_field(alice: Shopper, typed: str, sentence: str) -> None:
    mug = ProductFactory.create()
    added = alice.puts_in_cart(mug, typed)
    assert added.status_code == 422
    assert sentence in added.content.decode()
    assert "There is nothing in it yet" in alice.reads("/cart/")

    alice.puts_in_cart(mug, 2)
    updated = alice.client.post("/cart/update/", {"product": mug.pk, "quantity": typed})
    assert updated.status_code == 422
    assert sentence in updated.content.decode()
    assert cart.read(alice.client.session).lines[0].quantity == 2


def test_alice_cannot_put_more_in_the_cart_than_there_is(alice: Shopper) -> None:
    mug = ProductFactory.create(stock=3)
    alice.puts_in_cart(mug, 2)
    response = alice.puts_in_cart(mug, 2)
    assert response.status_code == 422
    assert "There are only 3 left." in response.content.decode()


@pytest.mark.parametrize("product", ["", "0", "-1", "mug", "4711", "9" * 30, "\x00"])
@pytest.mark.parametrize("path", ["/cart/add/", "/cart/update/"])
def test_a_product_that_nobody_knows_gets_a_sentence(alice: Shopper, path: str, product: str) -> None:
    response = alice.client.post(path, {"product": product, "quantity": 1})
    assert response.status_code == 422
    assert "That product is" in response.content.decode()


def test_a_product_taken_off_the_shelf_leaves_the_cart_and_is_named_once(alice: Shopper) -> None:
    mug, tea = ProductFactory.create_batch(2)
    alice.puts_in_cart(mug)
    alice.puts_in_cart(tea)
    Product.objects.filter(pk=tea.pk).update(is_active=False)
    sentence = f"{tea.name} is no longer sold, so we took it out of your cart."
    page = alice.reads("/cart/")
    assert sentence in page
    assert mug.name in page
    assert sentence not in alice.reads("/cart/")


def test_a_deleted_product_leaves_the_cart_with_a_sentence(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create())
    Product.objects.all().delete()
    assert "Something in your cart is no longer sold" in alice.reads("/cart/")


def test_alice_changes_her_mind(alice: Shopper) -> None:
    mug = ProductFactory.create(price=Decimal("10.00"))
    alice.puts_in_cart(mug, 2)
    alice.client.post("/cart/update/", {"product": mug.pk, "quantity": 5})
    assert "€50.00" in alice.reads("/cart/")
    alice.client.post("/cart/remove/", {"product": mug.pk})
    assert "There is nothing in it yet" in alice.reads("/cart/")
