"""A mail server that costs next to nothing: it reads, says yes, notes what came when, and keeps only the last mail.

If asked to, it says "later" now and then.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

END = b"\r\n.\r\n"
ORDER_NUMBER = b"X-Order-Number: "


class Arrivals(NamedTuple):
    """Of each mail its order number (0: none) and the moment its last byte was here, on the monotonic clock."""

    mails: list[tuple[int, float]]
    last: bytes


class Sink:
    """Runs in a process of its own, as a mail server does."""

    def __init__(self, *, later_every: int = 0) -> None:
        """Of so many recipients one is answered "451 later"; 0: none."""
        # Not forked: a fork would share the database connection.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, later_every), daemon=True)
        self._process.start()
        self.port: int = self._pipe.recv()

    def count(self) -> int:
        count: int = self._ask("count")
        return count

    def put_off(self) -> int:
        """How often it has said "later"."""
        count: int = self._ask("put off")
        return count

    def arrivals(self) -> Arrivals:
        arrivals: Arrivals = self._ask("arrivals")
        return arrivals

    def forget(self) -> None:
        self._ask("forget")

    def close(self) -> None:
        self._process.terminate()
        self._process.join()

    def _ask(self, question: str) -> Any:
        self._pipe.send(question)
        return self._pipe.recv()


@contextmanager
def sink(*, later_every: int = 0) -> Iterator[Sink]:
    running = Sink(later_every=later_every)
    try:
        yield running
    finally:
        running.close()


@dataclass
class Moods:
    later_every: int
    recipients: int = 0
    put_off: int = 0

    def later(self) -> bool:
        self.recipients += 1
        said = bool(self.later_every) and self.recipients % self.later_every == 0
        self.put_off += said
        return said


def serve(pipe: Connection, later_every: int) -> None:
    asyncio.run(answer(pipe, Moods(later_every)))


async def answer(pipe: Connection, moods: Moods) -> None:
    mails: list[tuple[int, float]] = []
    last = bytearray()

    def asked() -> None:
        match pipe.recv():
            case "count":
                pipe.send(len(mails))
            case "put off":
                pipe.send(moods.put_off)
            case "arrivals":
                pipe.send(Arrivals(mails, bytes(last)))
            case _:
                mails.clear()
                pipe.send(None)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Mail(mails, last, moods), "127.0.0.1", 0)
    loop.add_reader(pipe.fileno(), asked)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class Mail(asyncio.Protocol):
    """As much of SMTP as smtplib speaks."""

    def __init__(self, mails: list[tuple[int, float]], last: bytearray, moods: Moods) -> None:
        self.mails = mails
        self.moods = moods
        self.last = last
        self.received = bytearray()
        self.in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP server's protocol gets
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.received += data
        while True:
            end = self.received.find(END if self.in_data else b"\r\n")
            if end < 0:
                return
            if self.in_data:
                self.take_mail(end)
            else:
                line = bytes(self.received[:end]).upper()
                del self.received[: end + 2]
                self.obey(line)

    def take_mail(self, end: int) -> None:
        arrived = time.monotonic()
        self.last[:] = self.received[:end]
        del self.received[: end + len(END)]
        _, _, number = self.last.partition(ORDER_NUMBER)
        self.mails.append((int(number.split(b"\r\n", 1)[0] or 0), arrived))
        self.in_data = False
        self.transport.write(b"250 taken\r\n")

    def obey(self, line: bytes) -> None:
        if line == b"DATA":
            self.in_data = True
            self.transport.write(b"354 go on\r\n")
        elif line == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        elif line.startswith(b"RCPT") and self.moods.later():
            self.transport.write(b"451 later\r\n")
        else:
            self.transport.write(b"250 yes\r\n")
