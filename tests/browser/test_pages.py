"""The pages of the catalogue as people meet them: on phones, in German, in the dark, by keyboard, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from orders.models import Order
from shop.catalog.events import PictureUploaded
from shop.catalog.jobs import make_renditions
from tests.browser.accessibility import violations
from tests.browser.conftest import DESK, PHONE, opened
from tests.browser.furnished import settled
from tests.catalog.photographs import photograph, picture_of
from tests.factories import ProductFactory, typed_by_alice

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = (
    "/",
    "/shelves/tea/",
    "/search/",
    "/search/?q=mug",
    "/search/?q=zebra",
    "/products/sencha/",
    "/products/glass-teapot/",
    "/nowhere/",
)

#: Who looks: a page's options, the height of its window, and the language that it must then have.
READERS: dict[str, dict[str, Any]] = {
    "at a desk": {"size": DESK, "locale": "en-GB", "color_scheme": "light"},
    "on a phone, in German, in the dark": {"size": PHONE, "locale": "de-DE", "color_scheme": "dark"},
}


@pytest.fixture(params=READERS)
def readers_page(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    yield from opened(browser, live_server, **READERS[request.param])


def test_every_page_is_accessible_and_fits_the_window(readers_page: Page, furnished: None) -> None:
    found = {}
    for address in PAGES:
        readers_page.goto(address)
        settled(readers_page)
        found[address] = violations(readers_page)
        if readers_page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[address].append("It is wider than the window.")
    assert found == {address: [] for address in PAGES}


def test_an_empty_shop_and_its_pages_in_full_are_accessible(readers_page: Page) -> None:
    readers_page.goto("/")
    expect(readers_page.locator(".empty")).to_be_visible()
    assert violations(readers_page) == []
    ProductFactory.create_batch(60)
    ProductFactory.create(name="A", slug="first", stock=0)
    ProductFactory.create(name="AA", slug="second", stock=3)
    readers_page.goto("/?page=2")
    expect(readers_page.locator(".pages a")).to_have_count(2)
    assert violations(readers_page) == []
    readers_page.goto("/")
    assert violations(readers_page) == []


def test_who_is_refused_for_a_while_loses_nothing_and_orders_later(
    readers_page: Page, furnished: None, settings: Settings
) -> None:
    # Given somebody who has typed everything, in a house from which too much was sent
    readers_page.goto("/products/tea-scoop/")
    readers_page.locator(".panel button").click()
    readers_page.goto("/checkout/")
    for name, text in typed_by_alice(note="Please ring twice").items():
        readers_page.locator(f"[name={name}]").fill(text)
    settings.LIMITS = {"checkout": "0 per 10 minutes"}
    with readers_page.expect_response(lambda answer: answer.status == 429):
        readers_page.locator("main form .button").click()
    assert violations(readers_page) == []
    # When it works again
    settings.LIMITS = {"checkout": "60 per 10 minutes"}
    readers_page.locator("main form .button").click()
    # Then the order is placed as it was typed
    expect(readers_page).to_have_url(re.compile("/orders/"))
    assert Order.objects.get().note == "Please ring twice"


def test_by_keyboard_alone_from_the_front_page_to_the_cart(browser_page: Page, furnished: None) -> None:
    def focused() -> Any:
        return browser_page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")

    browser_page.goto("/")
    browser_page.keyboard.press("Tab")
    assert focused() == "Skip to content"
    browser_page.keyboard.press("Enter")
    assert focused() == "content"
    while focused() != "Harbour mug":
        browser_page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement.closest('.item')).outlineStyle"
    assert browser_page.evaluate(outline) == "solid"
    browser_page.keyboard.press("Enter")
    expect(browser_page.get_by_role("heading", name="Harbour mug")).to_be_visible()
    while focused() != "quantity":
        browser_page.keyboard.press("Tab")
    browser_page.keyboard.type("2")
    browser_page.keyboard.press("Enter")
    expect(browser_page.get_by_role("heading", name="Your cart")).to_be_visible()


def test_the_gallery_can_be_leafed_through_on_a_phone_and_by_keyboard(phone_page: Page, furnished: None) -> None:
    phone_page.goto("/products/sencha/")
    gallery = phone_page.get_by_role("group", name="Pictures")
    second = gallery.locator(".frame").nth(1)
    expect(second).not_to_be_in_viewport(ratio=0.5)
    gallery.focus()
    for _ in range(8):
        phone_page.keyboard.press("ArrowRight")
    expect(second).to_be_in_viewport(ratio=0.9)


def test_without_scripts_the_shelf_is_the_same(page_without_scripts: Page, furnished: None) -> None:
    page = page_without_scripts
    page.goto("/")
    expect(page.locator(".item")).to_have_count(12)
    page.get_by_role("link", name="Tea", exact=True).click()
    expect(page.locator(".item")).to_have_count(6)
    page.get_by_label("Search the shop").fill("bergamot")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=re.compile("Earl Grey")).click()
    page.get_by_role("button", name="Put in the cart").click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()


def test_nothing_moves_when_the_picture_takes_the_place_of_its_placeholder(browser_page: Page) -> None:
    picture = picture_of(photograph(), product=ProductFactory.create(slug="jug"))
    for address in ("/", "/products/jug/"):
        browser_page.goto(address)
        before = boxes(browser_page)
        assert browser_page.locator(".placeholder").count() == 1
        list(make_renditions(PictureUploaded(picture_id=picture.pk)))
        browser_page.goto(address)
        settled(browser_page)
        assert browser_page.locator(".placeholder").count() == 0
        assert boxes(browser_page) == before
        picture.renditions_made_at = None
        picture.save(update_fields=["renditions_made_at"])


def boxes(page: Page) -> Any:
    """Where things are, and how large."""
    things = ".item-picture, .frame, h1, .price, .foot"
    return page.evaluate(
        "things => [...document.querySelectorAll(things)].map(each => each.getBoundingClientRect().toJSON())", things
    )
