"""What checkout promises about messages."""

from __future__ import annotations

import socket

import pytest
from django.conf import settings

from messaging.models import OutboxMessage
from orders.models import Order
from tests.factories import ALICE, ProductFactory
from tests.orders.conftest import Shopper


def test_checkout_opens_no_connection_to_anybody(alice: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's library does not use Python's sockets; whatever else talked to somebody would."""
    alice.puts_in_cart(ProductFactory.create())

    def refuse(*args: object) -> None:
        pytest.fail("Somebody is called while Alice waits.")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    assert alice.checks_out().status_code == 302
    assert OutboxMessage.objects.count() == Order.objects.count() == 1


def test_a_message_says_which_order_and_nothing_about_alice(alice: Shopper) -> None:
    alice.puts_in_cart(ProductFactory.create())
    alice.checks_out(note="Ring twice")
    message = OutboxMessage.objects.get()
    told = bytes(message.body).decode() + message.subject + message.type
    assert f'"order_id":{Order.objects.get().pk}' in told
    for word in (*ALICE.name.split(), ALICE.email, *ALICE.address.splitlines(), "Ring twice", settings.SECRET_KEY):
        assert word not in told
