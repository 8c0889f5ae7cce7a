"""Jobs that should not have been written: see tests/chaos/trouble/jobs.py."""

from __future__ import annotations

from django.db import transaction

from messaging.events import Event
from messaging.models import FailedJob
from messaging.outbox import publish
from tests.chaos.diary import Kind
from tests.chaos.faults.registry import expect, fault
from tests.chaos.stage import Stage
from tests.chaos.trouble.events import Froze, Leaked, Looped, Vanished

#: Seconds. One of these jobs costs a process its life six times, and a crowded machine takes long to start another.
PATIENCE = 240


@fault(Kind.MESSAGE, seconds=6)
def loop(stage: Stage) -> None:
    """A job runs for ever."""
    run(stage, Looped(), ends_as=FailedJob.Kind.USED_UP)


@fault(Kind.MESSAGE, seconds=15)
def freeze(stage: Stage) -> None:
    """A job hangs where Python cannot interrupt it."""
    run(stage, Froze(), ends_as=FailedJob.Kind.USED_UP)


@fault(Kind.MESSAGE, seconds=30)
def vanish(stage: Stage) -> None:
    """A job ends its whole process (os._exit), whichever tries it."""
    run(stage, Vanished(), ends_as=FailedJob.Kind.CRASH_LOOP)


@fault(Kind.MESSAGE, seconds=8)
def leak(stage: Stage) -> None:
    """A job takes memory up to its process's limit."""
    run(stage, Leaked(), ends_as=FailedJob.Kind.USED_UP)


def run(stage: Stage, event: Event, *, ends_as: str) -> None:
    with transaction.atomic():
        message = publish(event)
    failed = FailedJob.objects.filter(
        message_id=message.message_id, state=FailedJob.State.NEEDS_ATTENTION, kind=ends_as
    )
    expect(stage, failed.exists, within=PATIENCE, otherwise=f"A {event.type} did not end in the admin as {ends_as}")
