"""How the confirmation of an order stands, as its customer reads it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from messaging.models import FailedJob
from orders.emails import message_id_of
from orders.models import ConfirmationRequest, Order, OrderEmail

Kind = OrderEmail.Kind

#: How long the status page looks again by itself. Later it says so instead, and a reload is the customer's choice.
WATCHED = timedelta(minutes=10)
#: Most e-mails are out within seconds. Whose is not, needs no answer to the second.
WATCHED_CLOSELY = timedelta(seconds=30)


class Stage(enum.StrEnum):
    ON_ITS_WAY = "pending"
    SENT = "sent"
    LATE = "late"
    FAILED = "failed"


@dataclass(frozen=True)
class Confirmation:
    stage: Stage
    #: The newest that a mail server has accepted.
    sent: OrderEmail | None
    #: Seconds after which the stage may be another one; 0: it stays.
    look_again: int = 0


def confirmation_of(order: Order) -> Confirmation:
    """Of the one that was asked for last: what went out before it does not make it sent."""
    request = order.confirmation_requests.first()
    sent = newest_sent(order)
    if is_sent(order, request) if request else sent:
        return Confirmation(Stage.SENT, sent)
    if has_failed(order, request):
        return Confirmation(Stage.FAILED, sent)
    age = timezone.now() - (request.made_at if request else order.created_at)
    if age > WATCHED:
        return Confirmation(Stage.LATE, sent)
    return Confirmation(Stage.ON_ITS_WAY, sent, look_again=3 if age < WATCHED_CLOSELY else 10)


def newest_sent(order: Order) -> OrderEmail | None:
    return order.emails.filter(kind=Kind.CONFIRMATION).order_by("-sent_at").first()


def is_sent(order: Order, request: ConfirmationRequest) -> bool:
    message_id = message_id_of(order, Kind.CONFIRMATION, occasion=f"{request.request_id}")
    return order.emails.filter(message_id=message_id).exists()


def has_failed(order: Order, request: ConfirmationRequest | None) -> bool:
    """For good, until staff have looked at it."""
    failed = FailedJob.objects.filter(queue="orders.send_confirmation", state=FailedJob.State.NEEDS_ATTENTION)
    if request:
        return failed.filter(message_id=request.message_id).exists()
    return failed.filter(subject=order.subject).exists()
