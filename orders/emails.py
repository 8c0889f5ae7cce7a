"""One function per e-mail, and three templates for each: subject.txt, body.txt, body.html.

`compose_...` makes a message and touches nobody: staff look at it. `send_...` hands it to the mail server and returns
its Message-ID, which every try of the same e-mail has in common.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parseaddr
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from orders import mailer
from orders.models import Order, OrderEmail
from orders.payment import bank_account

Kind = OrderEmail.Kind

#: What templates leave where a part of them is empty.
BLANK_LINES = re.compile(r"\n{3,}")


def compose_confirmation(order: Order, *, request_id: UUID | None = None) -> EmailMultiAlternatives:
    """`request_id` names a request to send it once more; without it, this is the one that follows the order."""
    return compose(order, Kind.CONFIRMATION, occasion=f"{request_id or 'placed'}", moment=order.created_at)


def compose_shipped(order: Order) -> EmailMultiAlternatives:
    # What has not happened yet can be looked at as if it happened now.
    return compose(order, Kind.SHIPPED, occasion="once", moment=order.shipped_at or timezone.now())


def compose_cancelled(order: Order) -> EmailMultiAlternatives:
    return compose(order, Kind.CANCELLED, occasion="once", moment=order.cancelled_at or timezone.now())


#: How to compose each kind, for those who show e-mails.
COMPOSE = {
    Kind.CONFIRMATION: compose_confirmation,
    Kind.SHIPPED: compose_shipped,
    Kind.CANCELLED: compose_cancelled,
}


def send_confirmation(order: Order, *, request_id: UUID | None = None) -> str:
    return send(compose_confirmation(order, request_id=request_id))


def send_shipped(order: Order) -> str:
    return send(compose_shipped(order))


def send_cancelled(order: Order) -> str:
    return send(compose_cancelled(order))


def message_id_of(order: Order, kind: Kind, *, occasion: str) -> str:
    # From the token, not the number: another shop or another database may have an order of the same number.
    unique = uuid5(NAMESPACE_URL, f"{order.token}/{kind}/{occasion}")
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<order-{order.number}.{unique.hex}@{domain}>"


def compose(order: Order, kind: Kind, *, occasion: str, moment: datetime) -> EmailMultiAlternatives:
    """In the order's language, with times as the shop's clock shows them, whoever asks and from wherever."""
    context = {
        "order": order,
        "lines": list(order.lines.all()),
        "moment": moment,
        "shop_name": settings.SHOP_NAME,
        "bank": bank_account(),
        "payment_days": settings.PAYMENT_DAYS,
    }

    def render(part: str) -> str:
        return render_to_string(f"orders/emails/{kind}/{part}", context)

    with translation.override(order.language), timezone.override(None):
        message = EmailMultiAlternatives(
            subject=" ".join(render("subject.txt").split()),
            body=BLANK_LINES.sub("\n\n", render("body.txt")).strip() + "\n",
            to=[order.email],
            reply_to=[settings.REPLY_TO_EMAIL],
            headers={
                "Message-ID": message_id_of(order, kind, occasion=occasion),
                # Out-of-office replies to a machine help nobody: https://www.rfc-editor.org/rfc/rfc3834
                "Auto-Submitted": "auto-generated",
                "Content-Language": order.language,
                "X-Order-Number": str(order.number),
            },
        )
        message.attach_alternative(render("body.html"), "text/html")
    return message


def send(message: EmailMultiAlternatives) -> str:
    mailer.send(message)
    return str(message.extra_headers["Message-ID"])
