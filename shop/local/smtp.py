"""A mail server for development: files every e-mail in a Maildir, with the moment of its arrival, and delivers none.

`python -m shop.local.smtp --port 1025 --maildir .run/mail`
"""

from __future__ import annotations

import argparse
import asyncio
import mailbox
import signal
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from shop.local.maildir import ARRIVED, RECIPIENTS
from shop.local.ports import LOOPBACK


class Filing:
    """An aiosmtpd handler. The sender gets its 250 once the e-mail is in the Maildir, not before."""

    def __init__(self, folder: Path) -> None:
        self.maildir = mailbox.Maildir(folder, create=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        arrived = datetime.now(UTC).isoformat(timespec="microseconds")
        heading = f"{ARRIVED}: {arrived}\r\n{RECIPIENTS}: {', '.join(envelope.rcpt_tos)}\r\n"
        content = envelope.original_content or b""
        self.maildir.add(heading.encode() + content)
        return "250 OK: filed"


async def serve(port: int, folder: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    filing = Filing(folder)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopped.set)
    server = await loop.create_server(lambda: SMTP(filing, hostname="localhost", enable_SMTPUTF8=True), LOOPBACK, port)
    print(f"Mail goes to {folder} from port {port}.", flush=True)
    async with server:
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m shop.local.smtp", description=__doc__)
    parser.add_argument("--port", type=int, default=1025)
    parser.add_argument("--maildir", type=Path, required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.maildir))


if __name__ == "__main__":
    main()
