from __future__ import annotations

import json
import traceback

import pytest

from messaging import frames

LIBRARY = '  File "/srv/.venv/lib/python3.11/site-packages/django/mail.py", line 301, in send\n    send(1)\n'
STANDARD = '  File "/usr/lib/python3.11/smtplib.py", line 897, in sendmail\n    raise SMTPRecipientsRefused(senderrs)\n'
OURS = '  File "/srv/shop/orders/jobs.py", line 25, in send_confirmation\n    send(order)\n    ^^^^^^^^^^^\n'


def test_our_frames_are_told_from_those_of_libraries() -> None:
    text = f"Traceback (most recent call last):\n{LIBRARY}{OURS}{STANDARD}ValueError: no\n"
    assert frames.ours(text) == OURS.removesuffix("\n")


def test_our_frames_are_found_in_a_real_traceback() -> None:
    with pytest.raises(ValueError, match="Expecting value") as caught:
        json.loads("nonsense")
    found = frames.ours("".join(traceback.format_exception(caught.value)))
    assert "test_frames.py" in found
    assert "json/decoder.py" not in found


@pytest.mark.parametrize("text", ["", "no traceback", OURS, LIBRARY, 'File "', f"ValueError: {'x' * 100_000}"])
def test_a_traceback_that_is_all_ours_or_not_at_all_is_not_shown_twice(text: str) -> None:
    assert frames.ours(text) == ""


def test_frames_of_an_exception_group_are_found_behind_their_bars() -> None:
    lines = ["  + Exception Group Traceback (most recent call last):", *OURS.splitlines(), *LIBRARY.splitlines()]
    found = frames.ours("\n".join(line if "+" in line else f"  |{line}" for line in lines))
    assert found == "\n".join(f"  |{line}" for line in OURS.splitlines())
