"""Sends mail over connections that stay open between messages: greeting and login cost more than the message does.

Works with whatever e-mail backend is configured; only those that speak SMTP have a connection worth keeping.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from smtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend

from messaging.retry import DependencyDown

#: Seconds without a message after which a connection is closed. Servers allow minutes (RFC 5321 says five), but each
#: open connection takes one of the few that a small mail server has.
IDLE = 20.0

#: Messages after which a connection is not used again: many servers hang up after a hundred or more.
MESSAGES_PER_CONNECTION = 100

#: SMTP's "service not available": https://www.rfc-editor.org/rfc/rfc5321#section-3.8
SHUTTING_DOWN = 421
#: What it says already to the sender, but about the message: https://www.rfc-editor.org/rfc/rfc1870#section-6.1
TOO_LARGE = 552


def send(message: EmailMessage) -> None:
    """Hand one message to the mail server; returning means that the server has accepted it.

    A connection that the server has dropped meanwhile is replaced before anything of the message goes out. From then
    on every failure is raised, because nobody can tell whether the server has taken the message.

    Raises DependencyDown if the server does not let us in, which has nothing to do with the message.
    """
    backend = get_connection()
    message.connection = backend
    if not isinstance(backend, EmailBackend):
        message.send()
        return
    kept = borrow() or connect(backend)
    backend.connection = kept.smtp
    # Not given back after an exception: what the server makes of the next command is anybody's guess.
    try:
        message.send()
    except (SMTPResponseException, SMTPRecipientsRefused) as error:
        kept.smtp.close()
        if is_about_us(error):
            raise away(error) from error
        raise
    except BaseException:
        kept.smtp.close()
        raise
    kept.messages += 1
    give_back(kept)


@dataclass
class Kept:
    smtp: SMTP
    server: tuple[str, int]
    messages: int = 0
    last_used: float = 0.0


def connect(backend: EmailBackend) -> Kept:
    try:
        backend.open()
        assert backend.connection is not None  # noqa: S101 - open() raises unless it has connected
        backend.connection.ehlo_or_helo_if_needed()  # else the first message would hear that we are not welcome
    except OSError as error:  # smtplib's own errors are among them: no greeting, no login, no TLS
        backend.close()  # it may have come as far as the login
        raise away(error) from error
    return Kept(backend.connection, configured_server())


def is_about_us(error: SMTPResponseException | SMTPRecipientsRefused) -> bool:
    """Whether the server would say the same to any other message of the shop."""
    if isinstance(error, SMTPRecipientsRefused):
        return any(code == SHUTTING_DOWN for code, _ in error.recipients.values())
    if isinstance(error, SMTPSenderRefused):  # the same sender for all; too many messages, no login, not welcome
        return error.smtp_code != TOO_LARGE
    return error.smtp_code == SHUTTING_DOWN


def away(error: OSError) -> DependencyDown:
    host, port = configured_server()
    return DependencyDown(f"The mail server at {host}:{port} does not let us in: {error}")


def borrow() -> Kept | None:
    """The connection used last that still works, if there is one."""
    while _idle:
        try:
            kept = _idle.pop()
        except IndexError:  # another thread was faster
            return None
        if kept.server == configured_server() and is_alive(kept.smtp):
            return kept
        kept.smtp.close()
    return None


def give_back(kept: Kept) -> None:
    if kept.messages >= MESSAGES_PER_CONNECTION:
        hang_up(kept.smtp)
        return
    kept.last_used = time.monotonic()
    _idle.append(kept)
    sweep_later()


def is_alive(smtp: SMTP) -> bool:
    try:
        return smtp.noop()[0] == 250
    except (OSError, SMTPException):
        return False


def hang_up(smtp: SMTP) -> None:
    try:
        smtp.quit()
    except (OSError, SMTPException):
        smtp.close()


def sweep_later() -> None:
    global _sweeper
    with _lock:
        if _sweeper is None:
            _sweeper = threading.Timer(IDLE, sweep)
            _sweeper.name = "mailer-sweep"
            _sweeper.daemon = True
            _sweeper.start()


def sweep() -> None:
    """Close what has been idle too long, and look again later while anything is left."""
    global _sweeper
    while _idle and time.monotonic() - _idle[0].last_used >= IDLE:
        try:
            kept = _idle.popleft()
        except IndexError:
            break
        hang_up(kept.smtp)
    with _lock:
        _sweeper = None
    if _idle:
        sweep_later()


def hang_up_all() -> None:
    """Close every idle connection now."""
    while _idle:
        hang_up(_idle.pop().smtp)


def configured_server() -> tuple[str, int]:
    return settings.EMAIL_HOST, settings.EMAIL_PORT


#: The newest stands at the right, and is borrowed first: under little load all but one grow old and are closed.
_idle: deque[Kept] = deque()
_sweeper: threading.Timer | None = None
_lock = threading.Lock()
