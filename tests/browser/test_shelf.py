from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from messaging.models import OutboxMessage
from shop.catalog.events import PictureUploaded
from shop.catalog.jobs import make_renditions
from tests.catalog.photographs import photograph, picture_of
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_alice_finds_a_mug_on_her_phone_and_puts_it_in_the_cart(phone_page: Page) -> None:
    picture = picture_of(photograph(), product=ProductFactory.create(name="Harbour mug"))
    for _ in make_renditions(PictureUploaded(picture_id=picture.pk)):
        pass
    phone_page.goto("/")
    phone_page.get_by_label("Search the shop").fill("harbour")
    phone_page.keyboard.press("Enter")
    expect(phone_page.get_by_text("One product found.")).to_be_visible()
    phone_page.get_by_role("link", name="Harbour mug").click()
    shown = phone_page.locator(".frame img")
    assert shown.evaluate("image => image.decode().then(() => image.currentSrc.endsWith('.avif'))")
    assert phone_page.evaluate("document.documentElement.scrollWidth") == 390
    phone_page.get_by_role("button", name="Put in the cart").click()
    expect(phone_page.get_by_role("heading", name="Your cart")).to_be_visible()


def test_the_admins_pages_obey_the_policy_too(browser_page: Page, admin_user: object) -> None:
    product = picture_of(photograph()).product
    browser_page.goto(f"/admin/catalog/product/{product.pk}/change/")
    browser_page.get_by_label("Username:").fill("admin")
    browser_page.get_by_label("Password:").fill("password")
    browser_page.get_by_role("button", name="Log in").click()
    expect(browser_page.get_by_text("being made")).to_be_visible()
    assert OutboxMessage.objects.count() == 1
