"""The demo's ledger: the orders in the database beside the e-mails in the Maildir."""

from __future__ import annotations

import mailbox
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from shop.local.maildir import all_mails, arrived_at


@dataclass(frozen=True)
class Ledger:
    #: When each order was made, by its number.
    orders: Mapping[int, datetime]
    #: The confirmations of each order number, by arrival.
    mails: Mapping[int, Sequence[EmailMessage]]

    @property
    def lost(self) -> list[int]:
        """Orders without e-mail."""
        return sorted(self.orders.keys() - self.mails.keys())

    @property
    def unasked(self) -> list[int]:
        """E-mails without order."""
        return sorted(self.mails.keys() - self.orders.keys())

    @property
    def doubled(self) -> list[int]:
        """Orders with two different e-mails."""
        return [number for number, mails in sorted(self.mails.items()) if len(message_ids(mails)) > 1]

    @property
    def copies(self) -> list[int]:
        """The order of each second copy of the same e-mail, recognisable by its Message-ID."""
        return [
            number for number, mails in sorted(self.mails.items()) for _ in range(len(mails) - len(message_ids(mails)))
        ]

    @property
    def seconds(self) -> list[float]:
        """From each order to its e-mail, ascending."""
        return sorted(
            (arrived_at(self.mails[number][0]) - made).total_seconds()
            for number, made in self.orders.items()
            if number in self.mails
        )

    @property
    def balanced(self) -> bool:
        return bool(self.orders) and not (self.lost or self.doubled or self.unasked)


def read_maildir(folder: Path) -> dict[int, list[EmailMessage]]:
    mails: dict[int, list[EmailMessage]] = defaultdict(list)
    for _, mail in all_mails(mailbox.Maildir(folder, create=True)):
        mails[int(mail["X-Order-Number"])].append(mail)
    return dict(mails)


def message_ids(mails: Sequence[EmailMessage]) -> set[str]:
    return {mail["Message-ID"] for mail in mails}


def percentile(ascending: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them don't exceed; 0 of an empty list."""
    if not ascending:
        return 0.0
    return ascending[max(0, -int(-share * len(ascending) // 1) - 1)]


def as_read(mail: EmailMessage) -> str:
    """The e-mail as a mail program without HTML shows it."""
    heading = "".join(f"{name}: {mail[name]}\n" for name in ("From", "To", "Subject", "Date"))
    body = mail.get_body(("plain",))
    return f"{heading}\n{body.get_content() if body else ''}"
