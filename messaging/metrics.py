"""/metrics: what a Prometheus needs to wake somebody up. Everything comes from the database, nothing from RabbitMQ.

Worth an alert: `messaging_outbox_oldest_seconds` over some minutes, `messaging_workers` at 0,
`messaging_failed_jobs{state="needs_attention"}` above 0, `messaging_queue_paused` for long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from messaging import status
from messaging.jobs import registered
from messaging.models import FailedJob, PausedQueue, PublishedMessage, Worker


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """For who brings METRICS_TOKEN as a bearer token, as Prometheus can, and for staff who may see failed jobs."""
    try:
        if not may_see(request):
            return HttpResponse(
                "Bring METRICS_TOKEN.\n", status=401, content_type="text/plain", headers={"WWW-Authenticate": "Bearer"}
            )
        return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")


def may_see(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.MESSAGING["METRICS_TOKEN"]
    if scheme.lower() == "bearer":
        return bool(wanted) and constant_time_compare(token, wanted)
    return request.user.is_staff and request.user.has_perm("messaging.view_failedjob")


class Messaging(Collector):
    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from outbox(now)
        yield from failed_jobs()
        workers = [worker for worker in reversed(status.workers()) if status.is_running(worker, now)]
        yield GaugeMetricFamily("messaging_workers", "Worker processes that report.", value=len(workers))
        yield from queues(workers)
        yield paused(workers)


def outbox(now: datetime) -> Iterator[Metric]:
    found = status.outbox(now)
    rows = GaugeMetricFamily("messaging_outbox_messages", "Messages that RabbitMQ has not confirmed.", labels=["state"])
    for state, number in (("waiting", found.waiting), ("scheduled", found.scheduled), ("parked", found.parked)):
        rows.add_metric([state], number)
    yield rows
    yield GaugeMetricFamily(
        "messaging_outbox_oldest_seconds",
        "For how long the message has waited that has waited longest, parked or not.",
        value=(now - found.unsent_since).total_seconds() if found.unsent_since else 0,
    )
    yield GaugeMetricFamily(
        "messaging_unsettled_messages",
        "Messages that RabbitMQ has confirmed, times the jobs that are not known to have settled them.",
        value=PublishedMessage.objects.count(),
    )


def failed_jobs() -> Iterator[Metric]:
    counts: Counter[tuple[str, str]] = Counter()
    for state, queue, count in FailedJob.objects.values_list("state", "queue").annotate(Count("pk")).order_by():
        counts[state, known(queue)] += count
    rows = GaugeMetricFamily("messaging_failed_jobs", "(message, job) pairs that failed.", labels=["state", "queue"])
    for labels, count in sorted(counts.items()):
        rows.add_metric(labels, count)
    yield rows


def queues(workers: list[Worker]) -> Iterator[Metric]:
    """What RabbitMQ told the workers; the newest report counts."""
    ready, consumers, in_hand = Counter[str](), Counter[str](), Counter[str]()
    for worker in workers:
        for queue, depth in worker.depths.items():
            ready[queue], consumers[queue] = depth["ready"], depth["consumers"]
        in_hand.update(worker.in_hand)
    for name, words, values in (
        ("ready", "Messages that wait in RabbitMQ, as workers last heard.", ready),
        ("consumers", "Workers that take messages from it, as workers last heard.", consumers),
        ("in_hand", "Messages that workers have received and not settled.", in_hand),
    ):
        rows = GaugeMetricFamily(f"messaging_queue_{name}", words, labels=["queue"])
        for queue, value in sorted(values.items()):
            rows.add_metric([queue], value)
        yield rows


def paused(workers: list[Worker]) -> Metric:
    rows = GaugeMetricFamily("messaging_queue_paused", "1: its job is paused, by whom.", labels=["queue", "by"])
    by_staff = {(known(queue), "staff") for queue in PausedQueue.objects.values_list("queue", flat=True)}
    for labels in sorted(by_staff | {(queue, "dependency") for worker in workers for queue in worker.paused}):
        rows.add_metric(labels, 1)
    return rows


def known(queue: str) -> str:
    """A label has few values, whatever strangers make up."""
    return queue if queue in registered() else "unknown"


_registry = CollectorRegistry()
_registry.register(Messaging())
