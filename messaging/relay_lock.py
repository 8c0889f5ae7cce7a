"""One relay works at a time, so that events leave in the order in which they were committed.

The lock dies with its holder, at once, also on `kill -9`. It is not what keeps messages safe: without it they would be
published twice, and the inbox would drop the second copy.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction


@contextmanager
def exclusive() -> Iterator[bool]:
    """Whether this relay is the one that may work now.

    On PostgreSQL the block is a transaction that holds an advisory lock. On SQLite, where a transaction would keep the
    shop from writing while RabbitMQ is slow, it is a locked file beside the database.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_key()])
            yield cursor.fetchone()[0]
        return
    with Path(f"{connection.settings_dict['NAME']}.relay.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _key() -> int:
    """Advisory locks are numbered, for the whole database: a number of our own for each prefix."""
    digest = hashlib.sha256(f"messaging.relay {settings.MESSAGING['PREFIX']}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
