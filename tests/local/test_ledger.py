from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from shop.local.ledger import Ledger, as_read, percentile

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def mail(number: int, *, message_id: str = "", after: float = 0.01) -> EmailMessage:
    message = EmailMessage()
    message["X-Order-Number"] = str(number)
    message["Message-ID"] = message_id or f"<{number}@shop.example>"
    message["X-Arrived"] = (NOON + timedelta(seconds=after)).isoformat()
    message["Subject"] = f"Order {number} confirmed"
    message.set_content("Thank you!")
    return message


def ledger(*mails: EmailMessage, orders: int = 2) -> Ledger:
    by_number: dict[int, list[EmailMessage]] = {}
    for each in mails:
        by_number.setdefault(int(each["X-Order-Number"]), []).append(each)
    return Ledger({10001 + index: NOON for index in range(orders)}, by_number)


def test_a_ledger_with_one_mail_for_each_order_balances() -> None:
    assert ledger(mail(10001), mail(10002)).balanced


def test_an_order_without_mail_is_lost() -> None:
    entries = ledger(mail(10001))
    assert entries.lost == [10002]
    assert not entries.balanced


def test_two_different_mails_for_one_order_are_doubled() -> None:
    entries = ledger(mail(10001), mail(10001, message_id="<other@shop.example>"), mail(10002))
    assert entries.doubled == [10001]
    assert not entries.balanced


def test_the_same_mail_twice_is_a_copy_and_not_doubled() -> None:
    entries = ledger(mail(10001), mail(10001), mail(10002))
    assert (entries.copies, entries.doubled) == ([10001], [])
    assert entries.balanced


def test_a_mail_about_no_order_does_not_balance() -> None:
    entries = ledger(mail(10001), mail(10002), mail(10777))
    assert entries.unasked == [10777]
    assert not entries.balanced


def test_no_orders_at_all_do_not_balance() -> None:
    assert not ledger(orders=0).balanced


def test_the_first_copy_counts_for_the_time_to_the_mailbox() -> None:
    entries = ledger(mail(10001, after=0.5), mail(10001, after=9), mail(10002, after=0.25))
    assert entries.seconds == [0.25, 0.5]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, 0.0),
        ([7.0], 0.95, 7.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(value) for value in range(1, 41)], 0.95, 38.0),  # two of forty are slower
    ],
)
def test_percentiles_are_values_that_were_measured(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_a_mail_is_shown_as_its_reader_sees_it() -> None:
    shown = as_read(mail(10042))
    assert "Subject: Order 10042 confirmed" in shown
    assert "Thank you!" in shown
