"""The Maildir that the development mail server fills, and the mailbox page and the ledger read."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from mailbox import Maildir

#: Headers that the mail server adds: when it had all of the e-mail (ISO 8601, with microseconds), and for whom.
ARRIVED = "X-Arrived"
RECIPIENTS = "X-Envelope-To"


def all_mails(maildir: Maildir) -> list[tuple[str, EmailMessage]]:
    """Every e-mail with its key, by arrival."""
    keys = list(maildir.iterkeys())
    return sorted(((key, read_mail(maildir, key)) for key in keys), key=lambda entry: arrived_at(entry[1]))


def read_mail(maildir: Maildir, key: str) -> EmailMessage:
    return message_from_bytes(maildir.get_bytes(key), policy=policy.default)


def arrived_at(mail: EmailMessage) -> datetime:
    return datetime.fromisoformat(mail[ARRIVED])
