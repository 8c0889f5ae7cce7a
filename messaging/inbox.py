"""The inbox: what makes a job's database effects happen exactly once although its message may come twice."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from inspect import isgeneratorfunction
from pathlib import Path
from typing import cast
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from messaging.events import Event
from messaging.jobs import Job
from messaging.models import ProcessedMessage

#: Locked files for concurrent duplicates on SQLite. Two messages that share one wait for each other, no more.
CLAIM_FILES = 256


class AlreadyProcessed(Exception):
    """Another delivery of the message has done the job."""


def run_once(job: Job, event: Event, message_id: UUID) -> None:
    """Run the job and note in the same transaction that it is done.

    The inbox row comes first, so that a concurrent duplicate waits for this transaction's end. Raises AlreadyProcessed,
    having run nothing, if the job is done; and whatever the job raises, having kept nothing.
    """
    if not isgeneratorfunction(job.function):
        with transaction.atomic():
            _mark(job.queue, message_id)
            job.function(event)
        return

    steps = cast("Generator[None]", job.function(event))
    if connection.vendor == "postgresql":
        with transaction.atomic():
            _mark(job.queue, message_id)
            next(steps)
            _finish(steps)
        return

    # SQLite has one writer: a transaction that is open while the job talks to a mail server would stop the checkouts.
    with _claim(job.queue, message_id):
        if ProcessedMessage.objects.filter(message_id=message_id, queue=job.queue).exists():
            raise AlreadyProcessed
        next(steps)
        with transaction.atomic():
            _mark(job.queue, message_id)
            _finish(steps)


def _mark(queue: str, message_id: UUID) -> None:
    try:
        ProcessedMessage.objects.create(message_id=message_id, queue=queue)
    except IntegrityError:
        raise AlreadyProcessed from None


def _finish(steps: Iterator[None]) -> None:
    for _ in steps:
        raise RuntimeError("A job yields once: outside work before it, database effects after it.")


@contextmanager
def _claim(queue: str, message_id: UUID) -> Iterator[None]:
    """Hold a file lock for this (message, job) pair: the lock ends with the process, so nobody waits for the dead."""
    folder = Path(f"{connection.settings_dict['NAME']}.claims")
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256(f"{queue} {message_id}".encode()).digest()
    with (folder / str(digest[0] % CLAIM_FILES)).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
