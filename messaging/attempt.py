"""One attempt: run a job for one message, and write down what came of it before the broker hears of it."""

from __future__ import annotations

import enum
import logging
import time
from datetime import timedelta
from uuid import UUID, uuid5

from django.db import InterfaceError, OperationalError, connection, connections
from django.utils import timezone

from messaging import failures
from messaging.broker import Delivery
from messaging.events import NotAMessage, UnknownType, decode_envelope, decode_event
from messaging.inbox import AlreadyFailed, AlreadyProcessed, run_once
from messaging.jobs import Job
from messaging.quarantine import Quarantine
from messaging.retry import DependencyDown
from messaging.time_limit import TimeLimitExceeded, TimeLimits

logger = logging.getLogger(__name__)

#: Names messages that have no id of their own: the same bytes get the same name wherever they turn up again.
NAMELESS = UUID("5e1c7f0a-3f0e-4c59-9c50-6a6f3d5b8f11")


class Verdict(enum.Enum):
    ACK = enum.auto()
    REJECT = enum.auto()


def attempt(delivery: Delivery, job: Job, *, quarantine: Quarantine, limits: TimeLimits) -> Verdict:
    """Run `job` for a message. When this returns, the outcome is committed.

    Raises DependencyDown if the job did; and OperationalError or InterfaceError if the database does not answer.
    Neither is a fault of the message, nor an attempt.
    """
    message_id = identify(delivery)
    started_at, clock = timezone.now(), time.monotonic()
    try:
        envelope = decode_envelope(delivery.body)
        event = decode_event(envelope)
        if not isinstance(event, job.events):
            raise UnknownType(f"{job.queue} is not subscribed to {envelope.type}.")
        with (
            quarantine.suspected(message_id, job.queue) if delivery.redelivered else quarantine.free(),
            limits.watch(delivery, job),
        ):
            run_once(job, event, message_id, attempt=delivery.attempt)
    except AlreadyProcessed:
        logger.info("%s had been done for %s.", job.queue, message_id)
    except AlreadyFailed:
        logger.info("%s had failed for %s.", job.queue, message_id)
        return Verdict.ACK
    except DependencyDown:
        raise
    except BaseException as error:
        if isinstance(error, OperationalError | InterfaceError) and not database_answers():
            raise
        if isinstance(error, TimeLimitExceeded):
            abandon_connection()
        failure = failures.Failure(error, started_at, timedelta(seconds=time.monotonic() - clock))
        return Verdict.REJECT if failures.record(delivery, job, message_id, failure) else Verdict.ACK
    else:
        logger.info("%s done for %s in %.0f ms.", job.queue, envelope.subject, (time.monotonic() - clock) * 1000)
    if delivery.redelivered or delivery.attempt > 1:
        failures.resolve(message_id, job.queue)
    return Verdict.ACK


def identify(delivery: Delivery) -> UUID:
    """The message's id: its envelope's, else one derived from its bytes.

    The property of that name says nothing where there is no envelope: a stranger may give all messages the same one,
    and the second would be taken for the first.
    """
    try:
        return decode_envelope(delivery.body).id
    except NotAMessage:
        return uuid5(NAMELESS, delivery.body.hex())


def abandon_connection() -> None:
    """Begin anew with the database: an interruption may have come anywhere, also in the middle of Django's own work."""
    broken = connection.connection
    del connections[connection.alias]
    if broken is not None:
        broken.close()


def database_answers() -> bool:
    try:
        connection.ensure_connection()
    except (OperationalError, InterfaceError):
        return False
    return connection.is_usable()
