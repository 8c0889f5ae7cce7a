"""axe looks at every page of an order, in both languages, one of them by night."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from orders import resend
from orders.fulfilment import cancel, ship
from orders.payment import mark_paid
from tests.browser.accessibility import violations
from tests.browser.buying import order_button, put_in_cart
from tests.browser.conftest import PHONE, opened
from tests.factories import FailedJobFactory, OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[("en", "light"), ("de", "dark")], ids=" ".join)
def page(request: Any, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    language: str = request.param[0]
    scheme: Literal["light", "dark"] = request.param[1]
    for page in opened(browser, live_server, PHONE, locale=language, color_scheme=scheme):
        yield page
        assert page.locator("html").get_attribute("lang") == language


def test_the_cart_and_the_checkout_keep_nobody_out(page: Page) -> None:
    page.goto("/cart/")
    assert violations(page) == []
    put_in_cart(page, [ProductFactory.create(), ProductFactory.create(stock=3)])
    assert violations(page) == []
    page.locator("input.quantity").last.fill("9")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-invalid]")).to_be_visible()
    assert violations(page) == []
    page.goto("/checkout/")
    assert violations(page) == []
    order_button(page).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []


def test_the_page_of_an_order_keeps_nobody_out_however_it_stands(page: Page) -> None:
    pending, failed, paid, shipped, cancelled = OrderFactory.create_batch(5, note="Ring twice")
    FailedJobFactory.create(subject=f"orders.order/{failed.pk}")
    mark_paid(order=paid, reference="1")
    ship(order=shipped)
    cancel(order=cancelled)
    for order in (pending, failed, paid, shipped, cancelled):
        page.goto(order.get_absolute_url())
        assert violations(page) == [], order.state
    *_, last = (resend.send_again(order=failed) for _ in range(resend.MOST))
    FailedJobFactory.create(subject=f"orders.order/{failed.pk}", message_id=last.message_id)
    page.goto(failed.get_absolute_url())
    page.locator(".asks button").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert violations(page) == []
    page.goto(f"{pending.get_absolute_url()}email/")
    assert violations(page) == []
    page.locator("form.details button").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert violations(page) == []
