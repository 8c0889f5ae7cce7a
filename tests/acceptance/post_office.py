"""A mail server that can keep its clients waiting, close its doors, and open them again on the same port."""

from __future__ import annotations

import asyncio
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
        self._controller: Controller | None = None

    def open(self) -> None:
        self._controller = Controller(self, hostname=LOOPBACK, port=self.port)
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        number = message_from_bytes(envelope.content)["X-Order-Number"]
        self.offered[number] += 1
        while self.ignores & {number, "*"}:
            await asyncio.sleep(0.01)
        self.taken[number] += 1
        return "250 OK"
