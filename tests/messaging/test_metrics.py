from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from messaging.models import FailedJob, OutboxMessage, PausedQueue, PublishedMessage, Worker
from tests.factories import FailedJobFactory
from tests.messaging.staff import signed_in

pytestmark = pytest.mark.django_db

TOKEN = "a long random text"
JOB = "orders.send_confirmation"


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.MESSAGING = settings.MESSAGING | {"METRICS_TOKEN": TOKEN}


def scrape(token: str = TOKEN) -> Any:
    return Client().get("/metrics", headers={"Authorization": f"Bearer {token}"})


def read(response: HttpResponse) -> dict[tuple[str, ...], float]:
    """The values, by name and labels, which come in the order of their names."""
    families = text_string_to_metric_families(response.content.decode())
    return {
        (each.name, *(value for _, value in sorted(each.labels.items()))): each.value
        for family in families
        for each in family.samples
    }


def outbox_message(**changes: Any) -> None:
    OutboxMessage.objects.create(
        **{"message_id": uuid4(), "type": "orders.order_placed", "body": b"{}", "available_at": timezone.now()}
        | changes
    )


def worker(**changes: Any) -> None:
    Worker.objects.create(
        **{
            "host": "alpha",
            "pid": 1,
            "release": "",
            "queues": [JOB],
            "concurrency": 8,
            "started_at": timezone.now(),
            "last_seen": timezone.now(),
            "depths": {JOB: {"ready": 7, "consumers": 2}},
        }
        | changes
    )


def test_prometheus_reads_how_the_messages_are_doing() -> None:
    outbox_message(available_at=timezone.now() - timedelta(minutes=5))
    outbox_message()
    outbox_message(available_at=timezone.now() + timedelta(hours=1))
    outbox_message(parked_reason="no queue", parked_at=timezone.now() - timedelta(minutes=10))
    FailedJobFactory.create_batch(2)
    FailedJobFactory.create(state=FailedJob.State.RETRYING)
    worker(in_hand={JOB: 3}, paused={JOB: {"since": "", "reason": "The mail server is away."}})
    worker(pid=2, in_hand={JOB: 1}, depths={JOB: {"ready": 5, "consumers": 2}})
    PausedQueue.objects.create(queue="catalog.make_renditions", reason="")

    values = read(scrape())

    assert values["messaging_outbox_messages", "waiting"] == 2
    assert values["messaging_outbox_messages", "scheduled"] == 1
    assert values["messaging_outbox_messages", "parked"] == 1
    assert values["messaging_outbox_oldest_seconds",] == pytest.approx(600, abs=5)
    assert values["messaging_unsettled_messages",] == PublishedMessage.objects.count()
    assert values["messaging_failed_jobs", JOB, "needs_attention"] == 2
    assert values["messaging_failed_jobs", JOB, "retrying"] == 1
    assert values["messaging_workers",] == 2
    assert values["messaging_queue_ready", JOB] == 5
    assert values["messaging_queue_consumers", JOB] == 2
    assert values["messaging_queue_in_hand", JOB] == 4
    assert values["messaging_queue_paused", "dependency", JOB] == 1
    assert values["messaging_queue_paused", "staff", "catalog.make_renditions"] == 1


def test_in_a_quiet_shop_nothing_waits_and_a_dead_worker_counts_no_more() -> None:
    worker(last_seen=timezone.now() - timedelta(minutes=1))
    values = read(scrape())
    assert values["messaging_outbox_oldest_seconds",] == 0
    assert values["messaging_workers",] == 0
    assert ("messaging_queue_ready", JOB) not in values


def test_queues_that_strangers_made_up_are_one_label() -> None:
    for name in ("a", 'b"\n', "c"):
        FailedJobFactory.create(queue=name)
    assert read(scrape())["messaging_failed_jobs", "unknown", "needs_attention"] == 3


def test_eight_queries_are_enough_for_any_number_of_rows(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    FailedJobFactory.create_batch(3)
    for pid in range(3):
        worker(pid=pid)
    with django_assert_num_queries(8):
        scrape()


@pytest.mark.parametrize("brought", ["", "another text", TOKEN + "x"])
def test_without_the_token_nobody_reads_it(brought: str) -> None:
    answer = scrape(brought)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert b"messaging_" not in answer.content
    assert Client().get("/metrics").status_code == 401


def test_a_shop_without_a_token_does_not_accept_an_empty_one(settings: Settings) -> None:
    settings.MESSAGING = settings.MESSAGING | {"METRICS_TOKEN": ""}
    assert scrape("").status_code == 401
    assert Client().get("/metrics", headers={"Authorization": "Bearer"}).status_code == 401


def test_staff_who_may_see_failed_jobs_may_see_how_many() -> None:
    assert signed_in("alice", "view_failedjob").get("/metrics").status_code == 200
    assert signed_in("bob").get("/metrics").status_code == 401


def test_without_a_database_prometheus_hears_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", refuse)
    assert scrape().status_code == 503
