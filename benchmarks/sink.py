"""A mail server that costs next to nothing: it reads, says yes, notes what came when, and keeps only the last mail."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
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

    def __init__(self) -> None:
        # Not forked: a fork would share the database connection.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        self.port: int = self._pipe.recv()

    def count(self) -> int:
        count: int = self._ask("count")
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
def sink() -> Iterator[Sink]:
    running = Sink()
    try:
        yield running
    finally:
        running.close()


def serve(pipe: Connection) -> None:
    asyncio.run(answer(pipe))


async def answer(pipe: Connection) -> None:
    mails: list[tuple[int, float]] = []
    last = bytearray()

    def asked() -> None:
        match pipe.recv():
            case "count":
                pipe.send(len(mails))
            case "arrivals":
                pipe.send(Arrivals(mails, bytes(last)))
            case _:
                mails.clear()
                pipe.send(None)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Mail(mails, last), "127.0.0.1", 0)
    loop.add_reader(pipe.fileno(), asked)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class Mail(asyncio.Protocol):
    """As much of SMTP as smtplib speaks."""

    def __init__(self, mails: list[tuple[int, float]], last: bytearray) -> None:
        self.mails = mails
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
        else:
            self.transport.write(b"250 yes\r\n")
