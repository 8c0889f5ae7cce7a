from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from messaging.models import OutboxMessage
from tests.factories import OrderFactory, OutboxMessageFactory
from tests.messaging.staff import HOSTILE, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/messaging/outboxmessage/"


def page_of(message: OutboxMessage) -> str:
    return f"{LIST}{message.pk}/change/"


def parked(**changes: object) -> OutboxMessage:
    """A message that RabbitMQ has refused for an hour, and that the relay tries again in 20 seconds."""
    now = timezone.now()
    return OutboxMessageFactory.create(
        **{
            "available_at": now + timedelta(seconds=20),
            "parked_reason": "RabbitMQ has no queue for it.",
            "parked_at": now - timedelta(hours=1),
            **changes,
        }
    )


def due(message: OutboxMessage) -> bool:
    message.refresh_from_db()
    return message.available_at <= timezone.now()


def test_alice_sees_what_waits_in_the_outbox_why_and_until_when(alice: Client) -> None:
    order = OrderFactory.create()
    message = parked(subject=f"orders.order/{order.pk}")
    page = alice.get(LIST)
    for words in ["RabbitMQ has no queue for it. (since", f"Order {order.number}", "all that subscribe"]:
        assertContains(page, words)
    assertContains(alice.get(page_of(message)), "RabbitMQ has no queue for it.")


def test_nobody_changes_or_deletes_a_message(alice: Client) -> None:
    message = parked()
    for forbidden in (page_of(message), f"{LIST}{message.pk}/delete/", f"{LIST}add/"):
        assert alice.post(forbidden, {"post": "yes"}).status_code == 403


def test_what_is_due_what_is_parked_and_what_is_scheduled_are_told_apart(alice: Client) -> None:
    OutboxMessageFactory.create(type="tests.due")
    OutboxMessageFactory.create(type="tests.later", available_at=timezone.now() + timedelta(hours=1))
    parked(type="tests.parked")
    parked(type="tests.parked", available_at=timezone.now())
    page = alice.get(LIST)
    for words in ["waiting for RabbitMQ (1)", "parked: RabbitMQ refuses it (2)", "scheduled (1)"]:
        assertContains(page, words)
    for wait, type in (("waiting", "tests.due"), ("parked", "tests.parked"), ("scheduled", "tests.later")):
        page = alice.get(LIST, {"wait": wait})
        for each in ("tests.due", "tests.parked", "tests.later"):
            (assertContains if each == type else assertNotContains)(page, f">{each}</a>")


def test_alice_has_a_parked_message_tried_again_now(alice: Client) -> None:
    message = parked()
    assertContains(alice.get(page_of(message)), "Try again now</button>")
    page = alice.post(f"{LIST}{message.pk}/hurry/", follow=True)
    assertContains(page, "1 message made due now")
    assert due(message)
    assert LogEntry.objects.get().change_message == "Made due at once."
    # And when it is due, there is nothing more to press
    assertNotContains(alice.get(page_of(message)), "Try again now</button>")
    assertContains(alice.post(f"{LIST}{message.pk}/hurry/", follow=True), "Nothing to hurry")


def test_alice_selects_messages_and_has_them_tried_again_now(alice: Client) -> None:
    first, second, third = parked(), parked(), parked()
    chosen = {"action": "hurry_selected", "_selected_action": [first.pk, second.pk], "index": 0}
    assertContains(alice.post(LIST, chosen, follow=True), "2 messages made due now")
    assert (due(first), due(second), due(third)) == (True, True, False)


@pytest.mark.parametrize("permissions", [[], ["view_outboxmessage"], ["hurry_outboxmessage"]])
def test_bob_may_not_hurry_without_the_permissions_to_see_and_to_hurry(permissions: list[str]) -> None:
    message = parked()
    bob = signed_in("bob", *permissions)
    assert bob.post(f"{LIST}{message.pk}/hurry/").status_code == 403
    bob.post(LIST, {"action": "hurry_selected", "_selected_action": [message.pk], "index": 0})
    assert not due(message)
    if "view_outboxmessage" in permissions:
        assertNotContains(bob.get(page_of(message)), "Try again now")
        assertNotContains(bob.get(LIST), "hurry_selected")


def test_a_link_cannot_hurry_and_another_site_neither(alice: Client) -> None:
    message = parked()
    assert alice.get(f"{LIST}{message.pk}/hurry/").status_code == 405
    alice.handler.enforce_csrf_checks = True
    assert alice.post(f"{LIST}{message.pk}/hurry/").status_code == 403
    assert not due(message)
    alice.handler.enforce_csrf_checks = False
    assert alice.post(f"{LIST}4711/hurry/").status_code == 404


def test_thirty_messages_take_as_many_queries_as_one(alice: Client) -> None:
    for order in OrderFactory.create_batch(30):
        parked(subject=f"orders.order/{order.pk}")
    with CaptureQueriesContext(connection) as for_list:
        assertContains(alice.get(LIST), ">Order 1", count=30)
    with CaptureQueriesContext(connection) as for_page:
        alice.get(page_of(parked()))
    assert len(for_list) <= 15
    assert len(for_page) <= 15


def test_what_strangers_wrote_is_shown_harmlessly_and_in_moderation(alice: Client) -> None:
    message = parked(
        type=HOSTILE,
        subject=HOSTILE,
        queue=HOSTILE,
        body=HOSTILE.encode() * 200_000,
        parked_reason=f"{HOSTILE}\u202e" * 99,
    )
    for address in (LIST, page_of(message)):
        page = alice.get(address)
        assertNotContains(page, HOSTILE)
        assertContains(page, "&lt;script&gt;")
        assert "\u202e" not in page.text
        assert len(page.content) < 250_000


def test_bob_who_may_not_see_addresses_sees_none_in_a_body() -> None:
    message = parked(body=b'{"to": "alice@example.org"}')
    bob = signed_in("bob", "view_outboxmessage")
    assertContains(bob.get(page_of(message)), "a***@example.org")
    assertNotContains(bob.get(page_of(message)), "alice@")
