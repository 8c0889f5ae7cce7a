"""Second copies of an e-mail, and why each of them could not be avoided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from tests.chaos.diary import Diary
from tests.chaos.mail import Answer, Mail


@dataclass(frozen=True)
class SecondCopy:
    order: int
    #: Why it went out; "" if there is no excuse.
    because: str


def second_copies(mails: Mapping[int, Sequence[Mail]], sent: Mapping[int, datetime], diary: Diary) -> list[SecondCopy]:
    """What the mail server has accepted, and when the shop wrote down that it had, both by order."""
    return [
        SecondCopy(order, excuse(first, second, sent.get(order), diary))
        for order, copies in mails.items()
        for first, second in pairwise(copies)
    ]


def excuse(first: Mail, second: Mail, sent: datetime | None, diary: Diary) -> str:
    """Why a second copy could not be avoided: the shop could not know, or not write down, that the first was out."""
    if first.answer is Answer.LOST:
        return "the connection was dropped in place of the 250"
    # A worker, or a database, that died with the e-mail accepted and not written down: that came later than the death.
    written_down = min(second.accepted, sent) if sent is not None else second.accepted
    if diary.a_worker_died(first.accepted, written_down):
        return "the worker was killed after the 250"
    if diary.the_database_died(first.accepted, written_down):
        return "the database was killed after the 250"
    return ""
