"""System checks: settings that would hurt only later are told whenever a command starts, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from messaging.broker import BrokerMisconfigured, parse
from messaging.jobs import registered

#: RabbitMQ takes back what a worker has held for so long, together with all that the worker has in hand.
CONSUMER_TIMEOUT = timedelta(minutes=30)


@register("messaging")
def check_messaging(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    return [*check_url(), *check_inbox(), *check_drain(), *check_time_limits()]


def check_url() -> Iterator[CheckMessage]:
    try:
        parse(settings.MESSAGING["AMQP_URL"])
    except BrokerMisconfigured as error:
        yield Error(str(error), id="messaging.E001")


def check_inbox() -> Iterator[CheckMessage]:
    """A message may come again while its retry waits, or when RabbitMQ takes it back from a worker."""
    keep = settings.MESSAGING["KEEP_PROCESSED"]
    retries = [job.retry for job in registered().values()]
    again = max(retry.longest * (1 + retry.jitter) for retry in retries) + CONSUMER_TIMEOUT
    if keep < again:
        yield Warning(
            f"The inbox forgets after {keep} what is done, but a message may come again after {again}. Then its job "
            "would be done twice.",
            hint="Set KEEP_PROCESSED_DAYS to some days.",
            id="messaging.W001",
        )


def check_drain() -> Iterator[CheckMessage]:
    drain = settings.MESSAGING["DRAIN_TIMEOUT"]
    if drain >= CONSUMER_TIMEOUT:
        yield Warning(
            f"A worker that is to stop waits {drain} for its jobs, but after {CONSUMER_TIMEOUT} RabbitMQ gives their "
            "messages to others.",
            hint="Set DRAIN_SECONDS to less than half an hour, and to less than what kills the worker when it waits.",
            id="messaging.W002",
        )


def check_time_limits() -> Iterator[CheckMessage]:
    for job in registered().values():
        if job.time_limit >= CONSUMER_TIMEOUT:
            yield Error(
                f"{job.queue} may run for {job.time_limit}, but after {CONSUMER_TIMEOUT} RabbitMQ gives its message to "
                "somebody else.",
                hint="Give it a shorter time_limit, and several messages in place of one.",
                id="messaging.E002",
            )
