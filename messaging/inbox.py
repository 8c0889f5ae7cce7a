"""The inbox: what makes a job's database effects happen exactly once although its message may come twice."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from inspect import isgeneratorfunction
from pathlib import Path
from typing import cast
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from messaging.events import Event
from messaging.jobs import Job
from messaging.models import FailedJob, ProcessedMessage

#: Locked files for concurrent duplicates on SQLite. Two messages that share one wait for each other, no more.
CLAIM_FILES = 256

#: The inbox row, unless this attempt is written down as failed. In one statement, because each message pays for it.
MARK = """
    INSERT INTO messaging_processedmessage (message_id, queue)
    SELECT %s, %s
    WHERE NOT EXISTS (
        SELECT 1 FROM messaging_failedjob failed JOIN messaging_jobattempt attempt ON attempt.failed_job_id = failed.id
        WHERE failed.message_id = %s AND failed.queue = %s AND attempt.number = %s
    )
"""


class AlreadyProcessed(Exception):
    """Another delivery of the message has done the job."""


class AlreadyFailed(Exception):
    """This very attempt has failed: what comes now is a copy, and the failed job says what is next.

    A message that ends its workers may have been published several times before one of them could note the confirm.
    """


def run_once(job: Job, event: Event, message_id: UUID, *, attempt: int) -> None:
    """Run the job and note in the same transaction that it is done.

    The inbox row comes first, so that a concurrent duplicate waits for this transaction's end. Raises AlreadyProcessed
    or AlreadyFailed, having run nothing, for a copy; and whatever the job raises, having kept nothing.
    """
    mark = partial(_mark, job.queue, message_id, attempt)
    if not isgeneratorfunction(job.function):
        with transaction.atomic():
            mark()
            job.function(event)
        return

    steps = cast("Generator[None]", job.function(event))
    if connection.vendor == "postgresql":
        with transaction.atomic():
            mark()
            next(steps)
            _finish(steps)
        return

    # SQLite has one writer: a transaction that is open while the job talks to a mail server would stop the checkouts.
    with _claim(job.queue, message_id):
        _look(job.queue, message_id, attempt)
        next(steps)
        with transaction.atomic():
            mark()
            _finish(steps)


def _look(queue: str, message_id: UUID, attempt: int) -> None:
    """What _mark() will say, without writing."""
    if ProcessedMessage.objects.filter(message_id=message_id, queue=queue).exists():
        raise AlreadyProcessed
    failed = FailedJob.objects.filter(message_id=message_id, queue=queue)
    if failed.filter(job_attempts__number=attempt).exists():
        raise AlreadyFailed


def _mark(queue: str, message_id: UUID, attempt: int) -> None:
    key = [ProcessedMessage._meta.get_field("message_id").get_db_prep_value(message_id, connection), queue]
    with connection.cursor() as cursor:
        try:
            cursor.execute(MARK, [*key, *key, attempt])
        except IntegrityError:
            raise AlreadyProcessed from None
        if not cursor.rowcount:
            raise AlreadyFailed


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
