from __future__ import annotations

import pytest

from shop.local.pages import Page

CHECKOUT = """
<p data-order-number="10042">Thank you</p>
<a href="/products/harbour-mug/">Harbour mug</a>
<form action="/cart/remove/"><input name="product" value="1"><button name="go">Remove</button></form>
<form method="post">
  <input type="hidden" name="checkout_key" value="abc">
  <input name="name">
  <textarea name="address">\nHarbour &amp; Street</textarea>
  <input type="submit" name="send" value="Order">
</form>
<input name="elsewhere" value="x">
"""


def test_a_shopper_sends_every_field_of_the_form_and_nothing_else() -> None:
    assert Page(CHECKOUT, address="/checkout/").form("/checkout/").fields == {
        "checkout_key": "abc",
        "name": "",
        "address": "Harbour & Street",
    }


def test_a_shopper_sees_links_and_the_order_number() -> None:
    page = Page(CHECKOUT, address="/checkout/")
    assert page.links == ["/products/harbour-mug/"]
    assert page.data["data-order-number"] == "10042"


def test_a_missing_form_is_named() -> None:
    with pytest.raises(LookupError, match="no form that goes to /cart/add/"):
        Page(CHECKOUT, address="/checkout/").form("/cart/add/")
