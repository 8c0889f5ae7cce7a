"""One function per e-mail, and three templates for each: subject.txt, body.txt, body.html."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from orders import mailer
from orders.models import Order


def send_confirmation(order: Order, *, request_id: UUID | None = None) -> str:
    """Hand the confirmation to the mail server and return its Message-ID, which every try of it has in common.

    `request_id` names a request of staff to send it once more; without it, this is the one that follows the order.
    """
    message_id = confirmation_id(order, request_id)
    mailer.send(confirmation(order, message_id=message_id))
    return message_id


def confirmation(order: Order, *, message_id: str) -> EmailMultiAlternatives:
    return compose(
        "confirmation",
        {"order": order, "lines": order.lines.all(), "shop_name": settings.SHOP_NAME},
        to=order.email,
        headers={"Message-ID": message_id, "X-Order-Number": str(order.number)},
    )


def confirmation_id(order: Order, request_id: UUID | None) -> str:
    # From the token, not the number: another shop or another database may have an order of the same number.
    unique = uuid5(NAMESPACE_URL, f"{order.token}/confirmation/{request_id or 'placed'}")
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<order-{order.number}.{unique.hex}@{domain}>"


def compose(name: str, context: dict[str, Any], *, to: str, headers: dict[str, str]) -> EmailMultiAlternatives:
    def render(part: str) -> str:
        return render_to_string(f"orders/emails/{name}/{part}", context)

    message = EmailMultiAlternatives(
        subject=" ".join(render("subject.txt").split()),
        body=render("body.txt"),
        to=[to],
        # Out-of-office replies to a machine help nobody: https://www.rfc-editor.org/rfc/rfc3834
        headers={"Auto-Submitted": "auto-generated", **headers},
    )
    message.attach_alternative(render("body.html"), "text/html")
    return message
