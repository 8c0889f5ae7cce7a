"""The relay's clock: it decides when a message for later is due."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from messaging.models import ProcessedMessage
from messaging.outbox import publish
from tests.chaos.diary import Kind
from tests.chaos.faults.registry import expect, fault, wait
from tests.chaos.stage import CLOCK, Stage
from tests.chaos.trouble.events import AppointmentMade

HOUR = timedelta(hours=1)
#: Long enough for a relay that is just being restarted, or waits for RabbitMQ.
SOON = 60.0


@fault(Kind.CLOCK, seconds=12)
def jump(stage: Stage) -> None:
    """The relay's clock jumps two hours ahead, then two hours back, then it is right again."""
    in_an_hour = make(HOUR)
    stage.evidence.for_later |= make(10 * HOUR)
    set_clock(2 * HOUR)
    expect(stage, lambda: kept(in_an_hour), within=SOON, otherwise="A clock ahead of its time did not make events due")
    set_clock(-2 * HOUR)
    now = make(timedelta())
    wait(4)
    set_clock(timedelta())
    expect(stage, lambda: kept(now), within=SOON, otherwise="Events waited although the clock was right again")
    stage.evidence.appointments |= in_an_hour | now


def make(delay: timedelta) -> set[UUID]:
    with transaction.atomic():
        return {publish(AppointmentMade(), delay=delay).message_id for _ in range(5)}


def kept(appointments: set[UUID]) -> bool:
    return ProcessedMessage.objects.filter(message_id__in=appointments).count() == len(appointments)


def set_clock(ahead: timedelta) -> None:
    CLOCK.write_text(str(ahead.total_seconds()))
