from __future__ import annotations

import pytest

from messaging.fingerprint import fingerprint


def of(error: str, *, queue: str = "orders.send_confirmation", error_class: str = "smtplib.SMTPDataError") -> str:
    return fingerprint(queue=queue, error_class=error_class, error=error)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("{'alice@example.org': (550, b'no such user')}", "{'bob@example.org': (550, b'no such user')}"),
        ("Order 10042 is gone", "Order 7 is gone"),
        ("451 queued as 9F3A1C22E0", "451 queued as 0B77D1C2AA"),
        ("message 0197a1f0-3f0e-7c59-9c50-6a6f3d5b8f11", "message 0197a1f0-3f0e-7c59-9c50-000000000000"),
        ("<Picture object at 0x7f3a>", "<Picture object at 0x11>"),
        ("two  words", "two\nwords"),
        ("a" * 300 + "Alice", "a" * 300 + "Bob"),
    ],
)
def test_errors_that_differ_only_in_whom_they_met_are_alike(one: str, another: str) -> None:
    assert of(one) == of(another)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("{'alice@example.org': (550, b'no such user')}", "{'alice@example.org': (552, b'no such user')}"),
        ("552 mailbox is full", "552 mailbox is closed"),
        ("", "timed out"),
    ],
)
def test_errors_of_another_kind_are_not(one: str, another: str) -> None:
    assert of(one) != of(another)


def test_the_same_words_of_another_job_or_class_are_another_failure() -> None:
    assert len({of("timed out"), of("timed out", queue="orders.print"), of("timed out", error_class="OSError")}) == 3


def test_an_error_text_of_any_size_or_bytes_has_one() -> None:
    assert len(of("\x00\ud800".encode("utf-8", "backslashreplace").decode() + "x" * 5_000_000)) == 16
