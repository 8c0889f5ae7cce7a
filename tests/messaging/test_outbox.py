from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from messaging.events import Event, decode_envelope, decode_event
from messaging.models import OutboxMessage
from messaging.outbox import MAX_BODY, publish
from orders.events import OrderPlaced
from tests.factories import OrderFactory


class LetterWritten(Event, frozen=True):
    type: ClassVar[str] = "tests.letter_written"
    text: str


@pytest.mark.django_db(transaction=True)
def test_an_event_needs_the_transaction_of_its_fact() -> None:
    with pytest.raises(transaction.TransactionManagementError, match=r"publish\(OrderPlaced\) was called outside"):
        publish(OrderPlaced(order_id=1))
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_disappears_with_its_transaction() -> None:
    def change_of_mind() -> None:
        with transaction.atomic():
            publish(OrderPlaced(order_id=1))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        change_of_mind()
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_a_message_says_what_it_is_about_and_is_due_at_once() -> None:
    order = OrderFactory.create()
    with time_machine.travel(timezone.now(), tick=False):
        message = publish(OrderPlaced(order_id=order.pk), subject=order)
        assert message.available_at == timezone.now()
    envelope = decode_envelope(bytes(OutboxMessage.objects.get().body))
    assert (envelope.id, envelope.type, envelope.subject) == (
        message.message_id,
        "orders.order_placed",
        message.subject,
    )
    assert message.subject == f"orders.order/{order.pk}"
    assert decode_event(envelope) == OrderPlaced(order_id=order.pk)


@pytest.mark.django_db
def test_a_message_may_wait_for_its_time() -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    with time_machine.travel(timezone.now(), tick=False):
        assert publish(OrderPlaced(order_id=1), delay=timedelta(hours=2)).available_at == timezone.now() + timedelta(
            hours=2
        )
        assert publish(OrderPlaced(order_id=1), at=tomorrow).available_at == tomorrow
    with pytest.raises(ValueError, match="Give either delay= or at=, not both"):
        publish(OrderPlaced(order_id=1), delay=timedelta(hours=2), at=tomorrow)


@pytest.mark.django_db
def test_what_is_larger_than_64_kib_is_refused() -> None:
    with pytest.raises(ValueError, match=r"LetterWritten is 6\d,\d{3} bytes as a message; at most 65,536"):
        publish(LetterWritten(text="x" * MAX_BODY))
    publish(LetterWritten(text="x" * (MAX_BODY - 1000)))
    assert OutboxMessage.objects.count() == 1
