from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape
from mailbox import Maildir

from shop.local.mailbox_page import listing, show
from shop.local.maildir import arrived_at
from tests.conftest import MailServer

NASTY = '<script>alert("x")</script>'


def letter(*, subject: str = "Hello") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "shop@shop.example"
    message["To"] = "alice@example.org"
    message.set_content(f"Dear Alice {NASTY}")
    message.add_alternative(f"<p>Dear Alice</p>{NASTY}", subtype="html")
    return message


def test_what_the_server_takes_is_in_the_maildir_with_the_time_of_its_arrival(mail_server: MailServer) -> None:
    with smtplib.SMTP("127.0.0.1", mail_server.port) as client:
        client.send_message(letter())

    [mail] = mail_server.mails
    assert mail["Subject"] == "Hello"
    assert mail["X-Envelope-To"] == "alice@example.org"
    assert abs(datetime.now(UTC) - arrived_at(mail)) < timedelta(minutes=1)


def test_the_mailbox_page_runs_nothing_that_a_stranger_wrote(mail_server: MailServer) -> None:
    with smtplib.SMTP("127.0.0.1", mail_server.port) as client:
        client.send_message(letter(subject=NASTY))

    overview = listing(Maildir(mail_server.folder))
    page = show(mail_server.mails[0])

    assert "<script" not in overview
    assert "<script" not in page
    assert "alert" in unescape(page)
    assert "allow-scripts" not in page
