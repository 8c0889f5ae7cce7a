"""The admin's pages of orders as staff see them. `--pictures docs/images` keeps what they looked like."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from orders.models import Order, OrderEmail, OrderLine
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import DESK, PHONE, opened
from tests.browser.staff_pages import NOW, a_morning, ago
from tests.browser.test_staff_pages import keep_picture, sign_in
from tests.factories import OrderFactory, confirmed

# With the same keys each time, so that pictures taken again differ only where the pages do.
pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=True)


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def addresses(morning: None, transactional_db: None) -> dict[str, str]:
    """The list, and the page of an order whose address was mistyped, and corrected wrongly."""
    alice = User.objects.create_superuser("alice")
    failed = a_morning(alice)
    Order.objects.update(created_at=ago(minutes=41), email="alise@example.org")
    order = Order.objects.get(pk=failed.subject.rpartition("/")[2])
    Order.objects.filter(pk=order.pk).update(token="tLc0-the-customers-own-page")
    OrderLine.objects.update(name="Harbour mug")
    corrected = "Corrected the e-mail address from alise@example.com to alise@example.org."
    LogEntry.objects.log_actions(alice.pk, [order], CHANGE, corrected)
    LogEntry.objects.filter(object_id=str(order.pk)).update(action_time=ago(minutes=39))
    for number, name in enumerate(["Bob Miller", "Carol Novak", "Dave Okafor", "Erin Petrov", "Frank Quist"]):
        email = f"{name.partition(' ')[0].lower()}@example.net"
        placed = ago(minutes=30 - 4 * number)
        sent = confirmed(name=name, email=email, created_at=placed)
        Order.objects.filter(pk=sent.pk).update(confirmed_at=placed)
        sent.emails.update(sent_at=placed)
    OrderFactory.create(name="Grace Rossi", email="grace@example.com", created_at=ago(minutes=9))
    OrderFactory.create(name="Heidi Sato", email="heidi@example.com", created_at=ago(seconds=20))
    return {"orders": "/admin/orders/order/", "order": f"/admin/orders/order/{order.pk}/change/"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_can_read_the_pages_in_light_and_dark(
    browser: Browser, live_server: LiveServer, addresses: dict[str, str], scheme: str, request: pytest.FixtureRequest
) -> None:
    violations = {}
    for page in opened(browser, live_server, DESK, color_scheme=scheme):
        sign_in(page, live_server)
        for name, address in addresses.items():
            page.goto(address)
            violations[name] = serious_violations(page)
            keep_picture(page, request, f"{name}-{scheme}.png", shown=True)
    assert not any(violations.values()), violations


def test_a_phone_without_scripts_shows_the_pages_and_the_e_mail(
    browser: Browser, live_server: LiveServer, addresses: dict[str, str], request: pytest.FixtureRequest
) -> None:
    widths = {}
    for page in opened(browser, live_server, PHONE, java_script_enabled=False):
        sign_in(page, live_server)
        for name, address in addresses.items():
            page.goto(address)
            for folded in page.locator("summary").all():
                folded.click()
            widths[name] = page.locator("html").evaluate("html => html.scrollWidth")
            keep_picture(page, request, f"{name}-phone.png", shown=False)
        frames = page.locator("iframe").all()
        assert len(frames) == 2 * len(OrderEmail.Kind)
        for frame in frames:
            expect(frame.content_frame.locator("body")).to_contain_text("Hello Alice Larsen")
    assert widths == dict.fromkeys(addresses, PHONE["width"])


def test_the_frames_of_the_e_mail_show_its_styles_and_run_nothing(
    browser: Browser, live_server: LiveServer, addresses: dict[str, str]
) -> None:
    """The policy of the shop's own pages would take the e-mail's styles away, and complain about them."""
    for page in opened(browser, live_server, DESK):
        sign_in(page, live_server)
        page.goto(addresses["order"])
        page.get_by_text("Confirmation, HTML part").click()
        body = page.frame_locator("iframe[title='Confirmation, HTML part']").locator("body")
        expect(body).to_have_css("background-color", "rgb(246, 243, 236)")
