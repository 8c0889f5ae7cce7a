"""Requests for privacy: an order stays for the books, and says nothing about a person any more."""

from __future__ import annotations

import re

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from messaging import redaction
from orders.models import Order, new_token

#: Characters. A shorter text, such as the name "Al", would be found in the middle of words.
SHORTEST = 4


class StillOpen(Exception):
    """Somebody waits for this parcel. Ship or cancel the order first."""


@transaction.atomic
def anonymise(*, order: Order) -> None:
    """Forget who ordered, wherever it is written: the order, its e-mails, the admin's log, failed jobs.

    Lines, amounts and times stay. The link to the status page leads nowhere afterwards. What may still be on its way to
    the customer is not sent any more. Doing it again removes what has come since. Raises StillOpen.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.is_open:
        raise StillOpen
    texts = texts_about_the_customer(order)
    for entry in LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Order), object_id=order.pk):
        entry.change_message = redaction.without(entry.change_message, texts)
        entry.save(update_fields=["change_message"])
    redaction.redact(subject=order, texts=texts)
    order.emails.update(to="")
    order.confirmation_requests.all().delete()
    Order.objects.filter(pk=order.pk).update(
        name="",
        email="",
        address="",
        note="",
        paid_reference="",
        token=new_token(),
        anonymised_at=order.anonymised_at or timezone.now(),
    )


def texts_about_the_customer(order: Order) -> list[str]:
    """As they may be quoted elsewhere: by a mail server, or by staff."""
    addresses = [order.email, *order.emails.values_list("to", flat=True)]
    found = [*addresses, order.name, order.paid_reference, *order.address.splitlines(), *order.note.splitlines()]
    return [text for each in found if len(text := re.sub(r"\s+", " ", each).strip()) >= SHORTEST]
