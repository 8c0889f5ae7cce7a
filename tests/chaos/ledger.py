"""The ledger: orders in the database beside e-mails in the mail server's own record, and whatever was left behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from messaging.models import FailedJob, OutboxMessage, ProcessedMessage
from orders.models import Order, OrderEmail
from tests.chaos.copies import SecondCopy, second_copies
from tests.chaos.faults.strangers import vanished
from tests.chaos.mail import Mail
from tests.chaos.staff import CONFIRMATIONS
from tests.chaos.stage import Stage


@dataclass
class Ledger:
    orders: set[int]
    mails: dict[int, list[Mail]]
    copies: list[SecondCopy] = field(default_factory=list)
    #: What is still waiting, by place. In the end there must be nothing.
    left: dict[str, int] = field(default_factory=dict)
    #: Failed jobs by what became of them, and confirmations among them that came there without a mail server's 5xx.
    failed: Counter[str] = field(default_factory=Counter)
    accused: dict[int, str] = field(default_factory=dict)
    #: How many of the strange messages are neither handled nor in the admin.
    vanished: int = 0
    #: Events for later: those that were due and were not handled, and those that were not and have left.
    missed: int = 0
    early: int = 0

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
        """The order of each second copy without an excuse."""
        return sorted(copy.order for copy in self.copies if not copy.because)


def read_ledger(stage: Stage, *, queued: dict[str, int]) -> Ledger:
    mails: dict[int, list[Mail]] = defaultdict(list)
    for mail in stage.mail.accepted:
        mails[mail.order].append(mail)
    ledger = Ledger({order.number for order in Order.objects.only("pk")}, dict(mails))
    sent = {email.order.number: email.sent_at for email in OrderEmail.objects.select_related("order")}
    ledger.copies = second_copies(mails, sent, stage.diary)
    count_what_is_left(ledger, stage, queued)
    return ledger


def count_what_is_left(ledger: Ledger, stage: Stage, queued: dict[str, int]) -> None:
    evidence, state = stage.evidence, FailedJob.State
    unfinished = FailedJob.objects.exclude(state__in=(state.RESOLVED, state.DISCARDED))
    outbox = OutboxMessage.objects.exclude(message_id__in=evidence.for_later)
    ledger.left = {"outbox": outbox.count(), **queued, "failed jobs": unfinished.count()}
    ledger.failed = Counter(FailedJob.objects.values_list("state", flat=True))
    permanent = {FailedJob.Kind.PERMANENT, FailedJob.Kind.TEMPORARY}
    real = FailedJob.objects.filter(queue=CONFIRMATIONS, type="orders.order_placed").exclude(kind__in=permanent)
    ledger.accused = {failed.pk: failed.error for failed in real if failed.message_id not in evidence.strange}
    ledger.vanished = len(vanished(stage))
    ledger.missed = len(evidence.appointments - handled(evidence.appointments))
    ledger.early = len(evidence.for_later) - OutboxMessage.objects.filter(message_id__in=evidence.for_later).count()


def handled(appointments: set[UUID]) -> set[UUID]:
    done = ProcessedMessage.objects.filter(message_id__in=appointments)
    return set(done.values_list("message_id", flat=True))
