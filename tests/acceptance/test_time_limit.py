"""A job that runs too long is interrupted. One that cannot be costs its process its life, and no message is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from messaging.models import FailedJob, JobAttempt
from messaging.outbox import publish
from messaging.worker import Worker
from tests.acceptance.plant import BellRang, Plant
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("amqp_url")]

SOON = timedelta(seconds=1)


def ring(bell: int = 1) -> None:
    with transaction.atomic():
        publish(BellRang(bell=bell))


def test_a_job_that_runs_too_long_is_interrupted_and_keeps_nothing() -> None:
    def count_sheep(event: BellRang) -> None:
        Group.objects.create(name=f"sheep {event.bell}")
        while event.bell == 1:
            time.sleep(0.01)

    with Plant(count_sheep, time_limit=SOON).running() as worker:
        ring(bell=1)
        eventually(JobAttempt.objects.exists)
        ring(bell=2)
        eventually(lambda: Group.objects.filter(name="sheep 2").exists())
        assert not worker.ailment()
    assert "TimeLimitExceeded: The job ran longer than its time limit." in FailedJob.objects.earliest("pk").error
    assert not Group.objects.filter(name="sheep 1").exists()


def test_a_job_that_hangs_is_written_down_in_its_stead_and_the_worker_wants_to_be_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("messaging.time_limit.GRACE", 0.2)
    wake_up = threading.Event()

    def sleep_like_a_log(event: BellRang) -> Iterator[None]:
        wake_up.wait()
        yield

    plant = Plant(sleep_like_a_log, time_limit=SOON)
    worker = Worker(plant.nodes, plant.topology, jobs=[plant.job], concurrency=2)
    worker.consumer.start()
    worker.consumer.wait_until_ready()
    worker.start()
    with plant.relay():
        ring()
        attempt = eventually(JobAttempt.objects.first)
    assert "It hung here" in attempt.traceback
    assert "sleep_like_a_log" in attempt.traceback
    assert worker.ailment() == "A job hangs."
    assert worker.drain(20), "It waits for no thread that hangs."
    wake_up.set()
    eventually(lambda: not any(thread.is_alive() for thread in threading.enumerate() if thread.name.startswith("job-")))
