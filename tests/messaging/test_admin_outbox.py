from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains

from messaging.models import OutboxMessage
from tests.messaging.staff import HOSTILE

pytestmark = pytest.mark.django_db


def test_alice_sees_what_waits_in_the_outbox_and_why(alice: Client) -> None:
    message = OutboxMessage.objects.create(
        message_id="5e1c7f0a-3f0e-4c59-9c50-6a6f3d5b8f11",
        type="orders.order_placed",
        body=HOSTILE.encode(),
        available_at=timezone.now(),
        parked_reason="RabbitMQ has no queue for it.",
    )
    assertContains(alice.get("/admin/messaging/outboxmessage/"), "RabbitMQ has no queue for it.")
    url = f"/admin/messaging/outboxmessage/{message.pk}/change/"
    assertContains(alice.get(url), "&lt;script&gt;")
    for forbidden in (url, f"/admin/messaging/outboxmessage/{message.pk}/delete/"):
        assert alice.post(forbidden, {"post": "yes"}).status_code == 403
