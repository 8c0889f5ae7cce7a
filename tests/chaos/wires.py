"""The wires between the shop and RabbitMQ: a TCP proxy that can go dead without closing, or cut every connection."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from shop.local.ports import LOOPBACK, free_ports

#: Close without waiting for what has not been sent: the other side gets a reset instead of an end.
RESET = struct.pack("ii", 1, 0)


class Wires:
    """One port for each of `targets`, served by a thread of their own."""

    def __init__(self, targets: Sequence[int]) -> None:
        self.ports = free_ports(len(targets))
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)
        self._thread.start()
        self._wait_for(self._open(targets))

    def stall(self) -> None:
        """Nothing gets through any more, in either direction, and nothing is closed."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def flow(self) -> None:
        """What has been waiting goes on its way."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    def reset(self) -> None:
        """Every connection ends with a reset, on both sides."""
        self._wait_for(self._reset())

    def close(self) -> None:
        self.reset()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _wait_for(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _open(self, targets: Sequence[int]) -> None:
        for port, target in zip(self.ports, targets, strict=True):

            async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int = target) -> None:
                await self._connect(reader, writer, target)

            await asyncio.start_server(connect, LOOPBACK, port)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int) -> None:
        await self._flowing.wait()
        try:
            there, back = await asyncio.open_connection(LOOPBACK, target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        self._writers -= {writer, back}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while some := await reader.read(65_536):
                await self._flowing.wait()
                writer.write(some)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.close()

    async def _reset(self) -> None:
        for writer in self._writers:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
