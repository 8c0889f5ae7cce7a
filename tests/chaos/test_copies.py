"""The ledger forgives a second copy only for what happened between the mail server's 250 and our commit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.copies import second_copies
from tests.chaos.diary import Death, Diary, Episode, Kind
from tests.chaos.mail import Answer, Mail

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def because(diary: Diary, *, sent: float | None, first: Answer = Answer.SENT) -> str:
    """Why a second copy went out after ten seconds; `sent` is when the shop wrote down that the first was out."""
    mails = [Mail(10001, "<1>", "alice@example.org", at(each), answer) for each, answer in [(0, first), (10, first)]]
    [copy] = second_copies({10001: mails}, {10001: at(sent)} if sent is not None else {}, diary)
    return copy.because


def died(alive: float, dead: float, *, sudden: bool = True) -> Diary:
    return Diary(deaths=[Death(at(alive), at(dead), sudden=sudden)])


def test_without_any_fault_there_is_no_excuse() -> None:
    assert because(Diary(), sent=10.1) == ""


def test_a_250_that_was_lost_is_an_excuse() -> None:
    assert because(Diary(), sent=10.1, first=Answer.LOST) == "the connection was dropped in place of the 250"


def test_a_250_that_came_before_the_connection_was_dropped_is_none() -> None:
    assert because(Diary(), sent=10.1, first=Answer.SENT_AND_DROPPED) == ""


@pytest.mark.parametrize(("alive", "dead"), [(-1, 0.1), (4, 4.05), (9.9, 10.2)])
def test_a_worker_that_was_killed_before_the_first_copy_was_written_down_is_an_excuse(
    alive: float, dead: float
) -> None:
    assert because(died(alive, dead), sent=10.1) == "the worker was killed after the 250"


def test_a_worker_that_was_killed_after_the_first_copy_was_written_down_is_none() -> None:
    assert because(died(0.3, 0.4), sent=0.2) == ""


def test_a_worker_that_was_killed_before_the_first_copy_went_out_is_none() -> None:
    assert because(died(-2, -1), sent=10.1) == ""


def test_a_worker_that_drained_is_none() -> None:
    assert because(died(4, 4.05, sudden=False), sent=10.1) == ""


@pytest.mark.parametrize(("began", "ended", "excused"), [(1, 3, True), (-3, -1, False), (11, 12, False)])
def test_a_database_that_died_before_the_first_copy_was_written_down_is_an_excuse(
    began: float, ended: float, excused: bool
) -> None:
    diary = Diary(episodes=[Episode("restart", Kind.DATABASE, at(began), at(ended))])
    assert because(diary, sent=10.1) == ("the database was killed after the 250" if excused else "")
