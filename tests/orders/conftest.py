from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from shop.catalog.models import Product
from tests.factories import typed_by_alice


class Shopper:
    """Somebody with a browser: reads pages and sends the forms that stand on them."""

    def __init__(self) -> None:
        self.client = Client()

    def reads(self, path: str) -> str:
        return self.client.get(path).content.decode()

    def puts_in_cart(self, product: Product, quantity: Any = 1, **more: Any) -> Any:
        return self.client.post("/cart/add/", {"product": product.pk, "quantity": quantity, **more})

    def key_on(self, page: str) -> str:
        found = re.search(r'name="checkout_key" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def checks_out(self, **changes: Any) -> Any:
        """Opens the checkout, types and sends."""
        form = {"checkout_key": self.key_on(self.reads("/checkout/")), **typed_by_alice()}
        return self.client.post("/checkout/", {**form, **changes})


@pytest.fixture
def alice(db: None) -> Shopper:
    return Shopper()


@pytest.fixture
def bob(db: None) -> Shopper:
    return Shopper()
