"""The mail server of a round: it misbehaves when told to, and keeps a record of its own of what it has accepted."""

from __future__ import annotations

import asyncio
import enum
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes

from aiosmtpd.smtp import SMTP, Envelope, Session

from shop.local.ports import LOOPBACK, free_ports
from tests.chaos.diary import now


class Answer(enum.Enum):
    """What became of the 250 for an e-mail that the server has accepted."""

    SENT = "sent"
    #: The connection was dropped right after it.
    SENT_AND_DROPPED = "sent, then the connection was dropped"
    #: The connection was dropped in its stead: the shop cannot know that the e-mail was accepted.
    LOST = "lost with the connection"


@dataclass(frozen=True)
class Mail:
    order: int
    message_id: str
    recipient: str
    accepted: datetime
    answer: Answer


@dataclass
class Manners:
    """How the server behaves. Change them at any time, from any thread."""

    #: Seconds from an e-mail's last byte to the 250.
    slow: float = 0.0
    #: It reads e-mails and never answers.
    hangs: bool = False
    #: It lets nobody in: 421 to every greeting.
    refuses: bool = False
    #: What it answers to some recipients instead of 250.
    recipients: dict[str, str] = field(default_factory=dict)
    #: How it treats the connection after each e-mail.
    answer: Answer = Answer.SENT


class MailServer:
    """In a thread of its own. `accepted` is the record."""

    def __init__(self) -> None:
        [self.port] = free_ports(1)
        self.manners = Manners()
        self.accepted: list[Mail] = []
        self._connections: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail-server", daemon=True)
        self._thread.start()
        self.open()

    def open(self) -> None:
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)

    def away(self) -> None:
        """Close the door and drop everybody who is inside."""
        asyncio.run_coroutine_threadsafe(self._away(), self._loop).result(10)

    def close(self) -> None:
        self.away()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _open(self) -> None:
        self._server = await self._loop.create_server(lambda: Conversation(self), LOOPBACK, self.port)

    async def _away(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop_everybody()
        await asyncio.sleep(0)

    def drop_everybody(self) -> None:
        for transport in list(self._connections):
            transport.abort()

    def entered(self, transport: asyncio.Transport) -> None:
        self._connections.add(transport)

    def left(self, transport: asyncio.Transport) -> None:
        self._connections.discard(transport)

    # The hooks of aiosmtpd.

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return ["421 4.3.2 Not now"] if self.manners.refuses else responses

    async def handle_HELO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str) -> str:
        session.host_name = hostname
        return "421 4.3.2 Not now" if self.manners.refuses else "250 HELO"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.manners.recipients:
            return self.manners.recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        while self.manners.hangs:
            await asyncio.sleep(0.05)
        await asyncio.sleep(self.manners.slow)
        assert isinstance(envelope.content, bytes)
        assert isinstance(server.transport, asyncio.Transport)
        headers = message_from_bytes(envelope.content)
        answer = self.manners.answer
        self.accepted.append(
            Mail(int(headers["X-Order-Number"]), headers["Message-ID"], ",".join(envelope.rcpt_tos), now(), answer)
        )
        if answer is Answer.LOST:
            server.transport.abort()
        elif answer is Answer.SENT_AND_DROPPED:
            self._loop.call_later(0.01, server.transport.abort)
        return "250 OK"


class Conversation(SMTP):
    def __init__(self, office: MailServer) -> None:
        super().__init__(office, hostname="localhost", enable_SMTPUTF8=True)
        self.office = office

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.office.entered(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.office.left(self.transport)
        with suppress(Exception):  # its task may be in the middle of anything
            super().connection_lost(error)
