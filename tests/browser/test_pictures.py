"""The pictures of docs/images, taken of the demo's own products:

PICTURES=docs/images make test ARGS="tests/browser/test_pictures.py"

Without PICTURES they go where nobody keeps them, so that taking them cannot stop to work unnoticed.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from orders import emails
from orders.example import example_order
from orders.models import Order, OrderEmail
from shop.catalog.events import PictureUploaded
from shop.catalog.jobs import make_renditions
from shop.catalog.models import Picture, Product
from tests.browser.buying import fill_in, order_button, put_in_cart, width_that_needs_no_scrolling
from tests.browser.conftest import DESK, PHONE, opened
from tests.browser.furnished import settled

pytestmark = pytest.mark.django_db(transaction=True)

#: Bytes of one picture. They are cloned with every copy of the code.
LARGEST = 120_000

SLUGS = ["harbour-mug", "earl-grey", "glass-teapot"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(os.environ.get("PICTURES", tmp_path))


@pytest.fixture
def products() -> list[Product]:
    call_command("seed_catalogue")
    for picture in Picture.objects.filter(product__slug__in=SLUGS):
        for _ in make_renditions(PictureUploaded(picture_id=picture.pk)):
            pass
    return [Product.objects.get(slug=slug) for slug in SLUGS]


def test_an_order_on_a_desk(browser_page: Page, folder: Path, products: list[Product]) -> None:
    take_pictures(browser_page, folder, products, size="desk")


def test_an_order_on_a_phone(phone_page: Page, folder: Path, products: list[Product]) -> None:
    take_pictures(phone_page, folder, products, size="phone")


@pytest.mark.parametrize(
    ("name", "address", "size", "language"),
    [
        ("list-desk", "/", DESK, "en"),
        ("list-phone", "/", PHONE, "en"),
        ("product-desk", "/products/harbour-mug/", DESK, "en"),
        ("product-phone-german", "/products/sencha/", PHONE, "de"),
    ],
)
def test_the_shelf_and_a_product(
    browser: Browser,
    live_server: LiveServer,
    furnished: None,
    folder: Path,
    name: str,
    address: str,
    size: dict[str, int],
    language: str,
) -> None:
    for page in opened(browser, live_server, size, locale=language):
        page.goto(address)
        settled(page)
        assert page.locator("html").get_attribute("lang") == language
        picture(page, folder / f"{name}.png", full_page=False)


def take_pictures(page: Page, folder: Path, products: list[Product], *, size: str) -> None:
    put_in_cart(page, products)
    page.goto("/cart/")
    picture(page, folder / f"cart-{size}.png")
    page.goto("/checkout/")
    order_button(page).click()
    picture(page, folder / f"checkout-mistakes-{size}.png")
    page.goto("/checkout/")
    fill_in(page)
    picture(page, folder / f"checkout-{size}.png")
    order_button(page).click()
    expect(page.get_by_text("It is on its way")).to_be_visible()
    order = Order.objects.get()
    order.emails.create(
        kind=OrderEmail.Kind.CONFIRMATION, to=order.email, message_id="<1@shop>", sent_at=timezone.now()
    )
    expect(page.get_by_text("It was sent to")).to_be_visible()
    picture(page, folder / f"status-{size}.png")
    page.get_by_role("link", name="Correct the address").click()
    picture(page, folder / f"address-{size}.png")
    page.goto("about:blank")
    page.set_content(str(emails.compose_confirmation(example_order()).alternatives[0][0]))
    picture(page, folder / f"confirmation-{size}.png")


def picture(page: Page, path: Path, *, full_page: bool = True) -> None:
    """The whole page, or what is in its window, in few colours."""
    page.wait_for_load_state("networkidle")
    assert width_that_needs_no_scrolling(page)
    image = Image.open(BytesIO(page.screenshot(full_page=full_page))).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(224, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size < LARGEST
