"""Debian's Chromium, driven by Playwright, on a shop that really listens. `make test` installs the browser."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from shop.local.paths import PROJECT
from shop.local.ports import LOOPBACK
from shop.local.processes import Processes
from shop.local.rabbitmq import forget
from tests.browser.furnished import finished_pictures, furnished
from tests.conftest import MailServer

__all__ = ["finished_pictures", "furnished"]

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}

# Milliseconds for what a test expects to come true: a busy machine is slow, not wrong.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("This test needs Chromium: apt-get install chromium, or `make test`, which does that.")
    with sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, and Django would take our queries for part of it.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        # As root, as in most containers, Chromium runs only without its sandbox; it sees no page but ours.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def media_folder(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def browser_page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page on a desk: `page.goto("/")` opens the shop. What it complains about in its console fails the test."""
    yield from opened(browser, live_server, DESK)


@pytest.fixture
def phone_page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    yield from opened(browser, live_server, PHONE)


@pytest.fixture
def page_without_scripts(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page whose reader has JavaScript turned off."""
    yield from opened(browser, live_server, DESK, java_script_enabled=False)


@pytest.fixture
def german_page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page whose reader's browser asks for German."""
    yield from opened(browser, live_server, DESK, locale="de-DE")


@pytest.fixture
def worker(
    live_server: LiveServer, mail_server: MailServer, program_environment: dict[str, str], tmp_path: Path
) -> Iterator[None]:
    """A real `manage.py run_consumer` with its relay, which sends to the test's mail server."""
    own = {
        "MESSAGING_PREFIX": f"{program_environment['MESSAGING_PREFIX']}.{secrets.token_hex(4)}",
        "EMAIL_URL": f"smtp://{LOOPBACK}:{mail_server.port}",
        "SITE_URL": live_server.url,
    }
    with Processes(tmp_path) as processes:
        command = [sys.executable, str(PROJECT / "manage.py"), "run_consumer"]
        processes.start("run_consumer", command, env=program_environment | own)
        yield
    forget(program_environment["AMQP_URL"], prefix=own["MESSAGING_PREFIX"])


def opened(browser: Browser, live_server: LiveServer, size: dict[str, int], **options: Any) -> Iterator[Page]:
    complaints: list[str] = []
    viewport: Any = size
    with browser.new_context(base_url=live_server.url, viewport=viewport, **options) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        yield page
    # A broken policy or a missing file says so there; an answer that a test asked for may be a refusal.
    assert [each for each in complaints if "Failed to load resource" not in each] == []
