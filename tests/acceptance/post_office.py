"""A mail server that can keep its clients waiting, turn them away, close its doors, and open them again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from email import message_from_bytes

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from shop.local.ports import LOOPBACK, free_ports


class PostOffice:
    def __init__(self) -> None:
        [self.port] = free_ports(1)
        #: How often it took each order's e-mail, and how often somebody came with one.
        self.taken: Counter[str] = Counter()
        self.offered: Counter[str] = Counter()
        #: Order numbers whose e-mail it reads and never answers; "*" stands for all.
        self.ignores: set[str] = set()
        #: Seconds that it needs for an e-mail.
        self.slowness = 0.0
        #: What it says instead of a welcome, and instead of taking an e-mail.
        self.turns_away = ""
        self.refuses = ""
        #: When somebody was turned away, by time.monotonic().
        self.turned_away: list[float] = []
        self._controller: Controller | None = None

    def open(self) -> None:
        self._controller = Controller(self, hostname=LOOPBACK, port=self.port)
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if not self.turns_away:
            return responses
        self.turned_away.append(time.monotonic())
        return [self.turns_away]

    async def handle_HELO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str) -> str:
        session.host_name = hostname
        return self.turns_away or "250 Welcome"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        number = message_from_bytes(envelope.content)["X-Order-Number"]
        self.offered[number] += 1
        if self.refuses:
            return self.refuses
        while self.ignores & {number, "*"}:
            await asyncio.sleep(0.01)
        await asyncio.sleep(self.slowness)
        self.taken[number] += 1
        return "250 OK"
