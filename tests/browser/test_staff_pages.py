"""The admin's pages of messaging as staff see them. `--pictures docs/images` keeps what they looked like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from messaging.models import OutboxMessage
from tests.browser.accessibility import serious_violations
from tests.browser.conftest import DESK, PHONE, opened
from tests.browser.staff_pages import NOW, a_batch, a_morning

# Eight pages, each looked at by axe: that takes a while when the machine has other things to do.
pytestmark = [pytest.mark.django_db(transaction=True, reset_sequences=True), pytest.mark.timeout(400)]

#: The pages that the documentation shows.
SHOWN = {"failed-jobs", "failed-job", "overview"}


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def addresses(morning: None, transactional_db: None) -> dict[str, str]:
    alice = User.objects.create_superuser("alice")
    failed = a_morning(alice)
    batch = a_batch(User.objects.create_superuser("bob"))
    parked = OutboxMessage.objects.exclude(parked_reason="").get()
    return {
        "index": "/admin/",
        "failed-jobs": "/admin/messaging/failedjob/",
        "failed-job": f"/admin/messaging/failedjob/{failed.pk}/change/",
        "batch": f"/admin/messaging/batch/{batch.pk}/change/?still",
        "overview": "/admin/messaging/worker/?still",
        "pause": "/admin/messaging/worker/pause/?queue=orders.send_confirmation",
        "outbox": "/admin/messaging/outboxmessage/",
        "outbox-message": f"/admin/messaging/outboxmessage/{parked.pk}/change/",
    }


def sign_in(page: Page, live_server: LiveServer) -> None:
    client = Client()
    client.force_login(User.objects.get(username="alice"))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_can_read_the_pages_in_light_and_dark(
    browser: Browser,
    live_server: LiveServer,
    addresses: dict[str, str],
    scheme: str,
    request: pytest.FixtureRequest,
) -> None:
    violations = {}
    for page in opened(browser, live_server, DESK, color_scheme=scheme):
        sign_in(page, live_server)
        for name, address in addresses.items():
            page.goto(address)
            for folded in page.locator(".timeline summary").all()[:1]:
                folded.click()
            violations[name] = serious_violations(page)
            keep_picture(page, request, f"{name}-{scheme}.png", shown=name in SHOWN)
    assert not any(violations.values()), violations


def test_a_phone_without_scripts_shows_the_pages(
    browser: Browser, live_server: LiveServer, addresses: dict[str, str], request: pytest.FixtureRequest
) -> None:
    widths = {}
    for page in opened(browser, live_server, PHONE, java_script_enabled=False):
        sign_in(page, live_server)
        for name, address in addresses.items():
            page.goto(address)
            widths[name] = page.locator("html").evaluate("html => html.scrollWidth")
            keep_picture(page, request, f"{name}-phone.png", shown=False)
    assert widths == dict.fromkeys(addresses, PHONE["width"])


def keep_picture(page: Page, request: pytest.FixtureRequest, name: str, *, shown: bool) -> None:
    """In the folder that was asked for; in docs/images only what the documentation shows."""
    folder: Path | None = request.config.getoption("--pictures")
    if folder is None or (folder.name == "images" and not shown):
        return
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / name, full_page=True)
    # Few colours make small files, and these pages have few.
    with Image.open(folder / name) as picture:
        picture.convert("RGB").quantize(128).save(folder / name, optimize=True)
