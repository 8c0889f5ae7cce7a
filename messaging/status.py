"""How messaging is doing, from the database alone: what waits, queue by queue, and who works on it.

The admin's overview, the shell and the metrics ask here. `status()` is nine queries, whatever the size of the tables'
past: each is answered by an index.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Min, Q
from django.db.models.functions import TruncMinute
from django.utils import timezone

from messaging.jobs import registered
from messaging.models import FailedJob, OutboxMessage, PausedQueue, ProcessedMessage, PublishedMessage, Worker

#: Workers report every three seconds. One that has missed several reports does not count as running.
GONE_AFTER = timedelta(seconds=15)
#: How many minutes `QueueStatus.done` covers.
MINUTES = 60


@dataclass(frozen=True, kw_only=True)
class OutboxStatus:
    """What RabbitMQ has not confirmed yet. Each message is in one of three groups."""

    #: Due: the relay will publish them as soon as it can.
    waiting: int
    #: When the first of them became due; None if none waits.
    waiting_since: datetime | None
    #: Not due yet: published with a delay, or waiting for another attempt.
    scheduled: int
    next_due: datetime | None
    #: RabbitMQ has refused them, for the reason in the row. The relay tries again by itself.
    parked: int
    parked_since: datetime | None

    @property
    def unsent_since(self) -> datetime | None:
        """Since when the message has waited that has waited longest, parked or not; None if none does."""
        return min((moment for moment in (self.waiting_since, self.parked_since) if moment), default=None)


@dataclass(frozen=True, kw_only=True)
class Pause:
    since: datetime
    reason: str
    #: The member of staff who did it. Empty: what the job needs is away, and the workers go on by themselves.
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class QueueStatus:
    """A job's queue."""

    name: str
    #: What staff call the job.
    title: str
    #: Messages that wait in RabbitMQ, and consumers there; None if no worker knows.
    ready: int | None
    consumers: int | None
    #: Messages that running workers have received and not settled.
    unacked: int
    #: Running workers that do this job.
    workers: int
    #: Messages done in each of the last MINUTES minutes, oldest first. The last minute is not over yet.
    done: tuple[int, ...]
    needs_attention: int
    #: Have failed and will be tried again, by themselves or because staff said so.
    retrying: int
    #: By staff, and because a dependency is away.
    pauses: tuple[Pause, ...]


@dataclass(frozen=True, kw_only=True)
class Status:
    moment: datetime
    outbox: OutboxStatus
    #: Messages that RabbitMQ has confirmed, for one job each, and that are not known to be settled yet.
    published: int
    queues: tuple[QueueStatus, ...]
    #: Those that run, and those that have ended without a goodbye within the last day; the newest report first.
    workers: tuple[Worker, ...]

    @property
    def running(self) -> list[Worker]:
        return [worker for worker in self.workers if is_running(worker, self.moment)]

    @property
    def last_report(self) -> datetime | None:
        return self.workers[0].last_seen if self.workers else None

    @property
    def broker_answers(self) -> bool | None:
        """Whether RabbitMQ answers a running worker; None if no worker runs, for then nobody knows."""
        running = self.running
        return any(worker.depths for worker in running) if running else None

    @property
    def waiting(self) -> int:
        """Messages that somebody should be working on: due in the outbox, ready in RabbitMQ, or in a worker's hand."""
        reported = sum((queue.ready or 0) + queue.unacked for queue in self.queues)
        # Nobody reports while no worker runs; but then nothing that has been published is being settled either.
        in_broker = reported if self.broker_answers else self.published
        return self.outbox.waiting + self.outbox.parked + in_broker

    @property
    def needs_attention(self) -> int:
        return sum(queue.needs_attention for queue in self.queues)


def status() -> Status:
    now = timezone.now()
    known = workers()
    return Status(
        moment=now,
        outbox=outbox(now),
        published=PublishedMessage.objects.count(),
        queues=queues(now, known),
        workers=known,
    )


def workers() -> tuple[Worker, ...]:
    """As they last reported, the newest report first. One query."""
    return tuple(Worker.objects.order_by("-last_seen", "-pk"))


def is_running(worker: Worker, now: datetime) -> bool:
    return now - worker.last_seen < GONE_AFTER


def outbox(now: datetime) -> OutboxStatus:
    """Four queries."""
    due = Q(available_at__lte=now)
    every = OutboxMessage.objects.aggregate(due=Count("pk", filter=due), later=Count("pk", filter=~due))
    parked = OutboxMessage.objects.filter(parked_at__isnull=False).aggregate(
        due=Count("pk", filter=due), later=Count("pk", filter=~due), since=Min("parked_at")
    )
    in_order = OutboxMessage.objects.filter(parked_at=None).order_by("available_at")
    moments = in_order.values_list("available_at", flat=True)
    return OutboxStatus(
        waiting=every["due"] - parked["due"],
        waiting_since=moments.filter(due).first(),
        scheduled=every["later"] - parked["later"],
        next_due=moments.filter(~due).first(),
        parked=parked["due"] + parked["later"],
        parked_since=parked["since"],
    )


def queues(now: datetime, known_workers: Sequence[Worker]) -> tuple[QueueStatus, ...]:
    """Of every job of this release, and of what staff have paused. Three queries."""
    jobs = registered()
    running = [worker for worker in known_workers if is_running(worker, now)]
    done, failed, by_staff = _done(now), _failed(), _paused_by_staff()
    found = []
    for name in sorted(jobs.keys() | by_staff.keys()):
        # The newest report stands first.
        depth = next((worker.depths[name] for worker in running if name in worker.depths), None)
        away = _away([worker.paused[name] for worker in running if name in worker.paused])
        states = failed[name]
        found.append(
            QueueStatus(
                name=name,
                title=jobs[name].title if name in jobs else name,
                ready=depth["ready"] if depth else None,
                consumers=depth["consumers"] if depth else None,
                unacked=sum(worker.in_hand.get(name, 0) for worker in running),
                workers=sum(name in worker.queues for worker in running),
                done=tuple(done[name][minute] for minute in range(MINUTES)),
                needs_attention=states[FailedJob.State.NEEDS_ATTENTION],
                retrying=states[FailedJob.State.RETRYING] + states[FailedJob.State.RETRIED],
                pauses=tuple(pause for pause in (by_staff.get(name), away) if pause),
            )
        )
    return tuple(found)


def _done(now: datetime) -> Mapping[str, Counter[int]]:
    """How much was done in each minute, by queue; minute MINUTES - 1 is this one."""
    first = now.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    rows = (
        ProcessedMessage.objects.filter(processed_at__gte=first)
        .values("queue", minute=TruncMinute("processed_at", tzinfo=UTC))
        .annotate(number=Count("*"))
        .order_by()
    )
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for row in rows:
        found[row["queue"]][int((row["minute"] - first) / timedelta(minutes=1))] += row["number"]
    return found


def _failed() -> Mapping[str, Counter[str]]:
    """How many failed jobs are not at rest, by queue and state."""
    State = FailedJob.State
    moving = FailedJob.objects.filter(state__in=[State.NEEDS_ATTENTION, State.RETRYING, State.RETRIED])
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for queue, state, number in moving.values_list("queue", "state").annotate(number=Count("*")).order_by():
        found[queue][state] += number
    return found


def _paused_by_staff() -> dict[str, Pause]:
    rows = PausedQueue.objects.all()
    return {row.queue: Pause(since=row.paused_at, reason=row.reason, by=row.paused_by or "staff") for row in rows}


def _away(reports: Sequence[Mapping[str, str]]) -> Pause | None:
    """Paused since the first worker found its dependency away, for the reason that the newest report gives."""
    if not reports:
        return None
    return Pause(since=min(datetime.fromisoformat(each["since"]) for each in reports), reason=reports[0]["reason"])
