"""The ledger: orders in the database beside e-mails in the mail server's own record, and whatever was left behind."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from messaging.models import FailedJob, OutboxMessage
from orders.models import Order, OrderEmail
from tests.chaos.diary import Diary
from tests.chaos.mail import Answer, Mail


@dataclass(frozen=True)
class SecondCopy:
    order: int
    #: Why it went out; "" if there is no excuse.
    because: str


@dataclass
class Ledger:
    orders: set[int]
    mails: dict[int, list[Mail]]
    copies: list[SecondCopy] = field(default_factory=list)
    #: What is still waiting, by place. In the end there must be nothing.
    left: dict[str, int] = field(default_factory=dict)

    @property
    def lost(self) -> list[int]:
        """Orders without e-mail."""
        return sorted(self.orders - self.mails.keys())

    @property
    def unasked(self) -> list[int]:
        """E-mails without order."""
        return sorted(self.mails.keys() - self.orders)

    @property
    def different(self) -> list[int]:
        """Orders with two e-mails that are not copies of each other."""
        return sorted(order for order, mails in self.mails.items() if len({mail.message_id for mail in mails}) > 1)

    @property
    def inexcusable(self) -> list[int]:
        return sorted({copy.order for copy in self.copies if not copy.because})


def read_ledger(accepted: list[Mail], diary: Diary, *, queued: dict[str, int]) -> Ledger:
    mails: dict[int, list[Mail]] = defaultdict(list)
    for mail in accepted:
        mails[mail.order].append(mail)
    ledger = Ledger({order.number for order in Order.objects.all()}, dict(mails))
    sent = {email.order.number: email.sent_at for email in OrderEmail.objects.select_related("order")}
    for order, copies in mails.items():
        for first, second in pairwise(copies):
            ledger.copies.append(SecondCopy(order, excuse(first, second, sent.get(order), diary)))
    unfinished = FailedJob.objects.exclude(state__in=(FailedJob.State.RESOLVED, FailedJob.State.DISCARDED))
    ledger.left = {"outbox": OutboxMessage.objects.count(), **queued, "failed jobs": unfinished.count()}
    return ledger


def excuse(first: Mail, second: Mail, sent: datetime | None, diary: Diary) -> str:
    """Why a second copy could not be avoided: the shop could not know, or not write down, that the first was out."""
    if first.answer is Answer.LOST:
        return "the connection was dropped in place of the 250"
    # A worker that died with the e-mail accepted and not written down: that was written later than the death.
    if sent is not None and diary.a_worker_died(first.accepted, min(second.accepted, sent)):
        return "the worker was killed after the 250"
    return ""
