"""Whether there is anything left to send."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Max

from messaging.jobs import Asked
from orders.models import OrderEmail

WHY = "the e-mail has gone out meanwhile; Resend on the order sends another one"


def sent_since(asked: Sequence[Asked]) -> list[str]:
    """Why these confirmations need not be sent: one has gone out since the message was written, whichever sent it.

    So an order's first confirmation is not repeated after a Resend; and a Resend, which is younger than the e-mails
    that went before it, is not refused because of them.
    """
    confirmations = OrderEmail.objects.filter(
        kind=OrderEmail.Kind.CONFIRMATION, order__in={each.event.order_id for each in asked}
    )
    newest = dict(confirmations.order_by().values_list("order").annotate(sent=Max("sent_at")))
    return [WHY if each.event.order_id in newest and newest[each.event.order_id] > each.at else "" for each in asked]
