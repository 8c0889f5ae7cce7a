"""What a customer does in the shop's pages, in a browser."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import Locator, Page, expect

from shop.catalog.models import Product
from tests.factories import ALICE


def put_in_cart(page: Page, products: Iterable[Product]) -> None:
    for product in products:
        page.goto(product.get_absolute_url())
        page.locator("form[action='/cart/add/'] button").click()
        expect(page.locator(".notice")).to_be_visible()


def fill_in(page: Page, *, email: str = ALICE.email) -> None:
    page.locator("#id_name").fill(ALICE.name)
    page.locator("#id_email").fill(email)
    page.locator("#id_address").fill(ALICE.address)


def order_button(page: Page) -> Locator:
    return page.locator(".review button")


def order_number(page: Page) -> int:
    return int(page.locator("[data-order-number]").get_attribute("data-order-number") or 0)


def width_that_needs_no_scrolling(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
