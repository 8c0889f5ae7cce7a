"""The kept connections, against a mail server that counts them and misbehaves when asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused, SMTPServerDisconnected
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import EmailMessage
from pytest_django import Settings

from messaging.retry import DependencyDown
from orders import mailer
from shop.local.ports import LOOPBACK, free_ports
from tests.waiting import eventually


class MailServer:
    """Takes mail on a free port of this machine."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        #: One for each greeting.
        self.connections: list[SMTP] = []
        self.greeting = "250 Welcome"
        self.of_the_sender = "250 OK"
        self.answer = "250 OK"
        self.hangs_up_after_data = False
        [self.port] = free_ports(1)
        self.controller = Controller(self, hostname=LOOPBACK, port=self.port)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections.append(server)
        return responses if self.greeting.startswith("250") else [self.greeting]

    async def handle_HELO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str) -> str:
        return self.greeting

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, sender: str, options: Any) -> str:
        if self.of_the_sender.startswith("250"):
            envelope.mail_from = sender
        return self.of_the_sender

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: Any) -> str:
        if to.startswith("nobody@"):
            return "550 No such user"
        if to.startswith("too.late@"):
            return "421 Shutting down"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.bodies.append(envelope.content.decode())
        if self.hangs_up_after_data:
            hang_up(server)
        return self.answer

    def drops_its_connections(self) -> None:
        async def drop() -> None:
            for connection in self.connections:
                hang_up(connection)

        asyncio.run_coroutine_threadsafe(drop(), self.controller.loop).result(timeout=5)


def hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    server = MailServer()
    server.controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, server.port
    yield server
    mailer.hang_up_all()
    server.controller.stop()


def test_one_connection_carries_many_messages(server: MailServer) -> None:
    for number in range(5):
        mailer.send(mail_to_alice(number))
    assert len(server.bodies) == 5
    assert len(server.connections) == 1


def test_a_connection_that_the_server_dropped_is_replaced_and_the_mail_goes_out_once(server: MailServer) -> None:
    mailer.send(mail_to_alice(1))
    server.drops_its_connections()
    mailer.send(mail_to_alice(2))
    assert len(server.bodies) == 2
    assert len(server.connections) == 2


def test_a_mail_is_never_sent_again_once_the_server_may_have_it(server: MailServer) -> None:
    mailer.send(mail_to_alice(1))
    server.hangs_up_after_data = True
    with pytest.raises(SMTPServerDisconnected):
        mailer.send(mail_to_alice(2))
    assert len(server.bodies) == 2


def test_a_refused_mail_is_raised_and_the_next_one_starts_afresh(server: MailServer) -> None:
    server.answer = "451 Later, please"
    with pytest.raises(SMTPDataError):
        mailer.send(mail_to_alice(1))
    with pytest.raises(SMTPRecipientsRefused):
        mailer.send(EmailMessage("Order", "Thank you", to=["nobody@example.org"]))
    server.answer = "250 OK"
    mailer.send(mail_to_alice(2))
    assert len(server.connections) == 3


def test_a_server_that_shuts_down_is_away_and_the_mail_is_not_to_blame(server: MailServer) -> None:
    server.answer = "421 Shutting down"
    with pytest.raises(DependencyDown, match=f"127.0.0.1:{server.port} does not let us in: .*Shutting down"):
        mailer.send(mail_to_alice(1))
    with pytest.raises(DependencyDown, match="Shutting down"):
        mailer.send(EmailMessage("Order", "Thank you", to=["too.late@example.org"]))
    server.answer = "250 OK"
    mailer.send(mail_to_alice(1))
    assert len(server.connections) == 3


def test_a_server_that_is_not_there_is_away(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    [settings.EMAIL_PORT] = free_ports(1)
    settings.EMAIL_HOST = LOOPBACK
    with pytest.raises(DependencyDown, match="refused"):
        mailer.send(mail_to_alice(1))


def test_a_server_that_refuses_our_login_is_away(server: MailServer, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "yesterday's"
    with pytest.raises(DependencyDown, match="does not let us in"):
        mailer.send(mail_to_alice(1))
    assert server.bodies == []


@pytest.mark.parametrize("greeting", ["421 Not now", "554 We do not know you"])
def test_a_server_that_does_not_greet_us_is_away(server: MailServer, greeting: str) -> None:
    server.greeting = greeting
    with pytest.raises(DependencyDown, match=greeting[4:]):
        mailer.send(mail_to_alice(1))


@pytest.mark.parametrize("answer", ["451 Too many messages", "530 Authentication required", "550 Not from you"])
def test_a_server_that_refuses_our_sender_would_refuse_every_message_so_it_is_away(
    server: MailServer, answer: str
) -> None:
    server.of_the_sender = answer
    with pytest.raises(DependencyDown, match=answer[4:]):
        mailer.send(mail_to_alice(1))


def test_a_message_that_is_too_large_is_to_blame_itself(server: MailServer) -> None:
    server.of_the_sender = "552 Too large"
    with pytest.raises(SMTPSenderRefused):
        mailer.send(mail_to_alice(1))


def test_an_idle_connection_is_closed(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "IDLE", 0.0)
    monkeypatch.setattr(mailer, "_sweeper", None)  # an earlier test's may wait for another 20 seconds
    mailer.send(mail_to_alice(1))
    eventually(lambda: not mailer._idle)


def test_a_connection_is_not_used_for_ever(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "MESSAGES_PER_CONNECTION", 2)
    for number in range(5):
        mailer.send(mail_to_alice(number))
    assert len(server.connections) == 3


def test_mail_goes_to_the_server_that_is_configured_now(server: MailServer, settings: Settings) -> None:
    mailer.send(mail_to_alice(1))
    other = MailServer()
    other.controller.start()
    settings.EMAIL_PORT = other.port
    mailer.send(mail_to_alice(2))
    mailer.hang_up_all()
    other.controller.stop()
    assert (len(server.bodies), len(other.bodies)) == (1, 1)


def mail_to_alice(number: int) -> EmailMessage:
    return EmailMessage(f"Order {number}", "Thank you", to=["alice@example.org"])
