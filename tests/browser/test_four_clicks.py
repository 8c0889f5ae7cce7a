""" "I am the customer of order 10042, and no e-mail came." From there to sent: four clicks, counted."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.contrib.auth.models import User
from django.db import transaction
from playwright.sync_api import Locator, Page, expect

from messaging.models import FailedJob
from messaging.outbox import publish
from orders.events import OrderPlaced
from orders.models import Order, OrderEmail
from shop.local.paths import PROJECT
from shop.local.ports import LOOPBACK, free_ports
from shop.local.processes import Processes
from shop.local.rabbitmq import forget
from tests.browser.staff import sign_in
from tests.factories import OrderFactory
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

WRONG, RIGHT = "alcie@example.org", "alice@example.org"


class MailServer:
    """Knows Alice, and nobody whose name is misspelt."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[tuple[str, str]] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == WRONG:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        number = message_from_bytes(envelope.content)["X-Order-Number"]
        self.taken += [(number, address) for address in envelope.rcpt_tos]
        return "250 OK"


@pytest.fixture
def post_office() -> Iterator[MailServer]:
    office = MailServer()
    [office.port] = free_ports(1)
    controller = Controller(office, hostname=LOOPBACK, port=office.port)
    controller.start()
    yield office
    controller.stop()


@pytest.fixture(autouse=True)
def worker(post_office: MailServer, program_environment: dict[str, str], tmp_path: Path) -> Iterator[None]:
    """A real `manage.py run_consumer`, with queues of its own."""
    prefix = f"{program_environment['MESSAGING_PREFIX']}.{secrets.token_hex(4)}"
    own = {"EMAIL_URL": f"smtp://{LOOPBACK}:{post_office.port}", "MESSAGING_PREFIX": prefix}
    with Processes(tmp_path) as processes:
        command = [sys.executable, str(PROJECT / "manage.py"), "run_consumer"]
        processes.start("run_consumer", command, env={**program_environment, **own})
        yield
    forget(program_environment["AMQP_URL"], prefix=prefix)


class Clicks:
    """Somebody's hand on the mouse. What is typed is not counted; a form that is sent is, by whichever key."""

    def __init__(self) -> None:
        self.count = 0

    def on(self, target: Locator) -> None:
        self.count += 1
        target.click()


@pytest.fixture
def at_the_index(page_without_scripts: Page) -> Page:
    """The browser of Sue, who stands at the admin's index. It runs no scripts: none are needed."""
    sue = User.objects.create_superuser("sue", password="a password")
    sign_in(page_without_scripts, sue, password="a password")
    return page_without_scripts


def place_order(*, email: str) -> Order:
    for name in ("Bob", "Carol"):  # not the only customers
        OrderFactory.create(name=name)
    with transaction.atomic():
        order = OrderFactory.create(email=email)
        publish(OrderPlaced(order_id=order.pk), subject=order)
    return order


def find(order: Order, page: Page, clicks: Clicks) -> None:
    clicks.on(page.locator("#content").get_by_role("link", name="Orders", exact=True).last)
    page.locator("#searchbar").fill(str(order.number))
    clicks.on(page.get_by_role("button", name="Search"))
    clicks.on(page.get_by_role("link", name=str(order.number)))


def test_an_address_that_bounced_is_corrected_and_the_e_mail_goes_out(
    at_the_index: Page, post_office: MailServer
) -> None:
    order, page, clicks = place_order(email=WRONG), at_the_index, Clicks()
    eventually(lambda: FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION).first(), seconds=60)

    find(order, page, clicks)
    expect(page.locator(".story")).to_contain_text("550")
    page.get_by_label("E-mail:").fill(RIGHT)
    clicks.on(page.get_by_role("button", name="Save and retry"))

    expect(page.get_by_text("1 job queued again.")).to_be_visible()
    eventually(lambda: OrderEmail.objects.filter(order=order, to=RIGHT).exists(), seconds=60)
    assert post_office.taken == [(str(order.number), RIGHT)]
    assert clicks.count <= 4
    page.reload()
    expect(page.locator(".story")).to_contain_text(f"Confirmation sent to {RIGHT}")
    expect(page.locator(".story")).to_contain_text(f"from {WRONG} to {RIGHT}")
    expect(page.locator(".field-email_state")).to_contain_text("sent")


def test_an_e_mail_that_the_customer_cannot_find_is_sent_again(at_the_index: Page, post_office: MailServer) -> None:
    order, page, clicks = place_order(email=RIGHT), at_the_index, Clicks()
    eventually(lambda: OrderEmail.objects.filter(order=order).exists(), seconds=60)

    find(order, page, clicks)
    clicks.on(page.get_by_role("button", name="Send the confirmation again"))

    expect(page.get_by_text("1 confirmation queued.")).to_be_visible()
    eventually(lambda: OrderEmail.objects.filter(order=order).count() == 2, seconds=60)
    assert post_office.taken == [(str(order.number), RIGHT)] * 2
    assert clicks.count <= 4
