from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from messaging import jobs, pause
from messaging.checks import CONSUMER_TIMEOUT
from messaging.time_limit import GRACE


def complaints() -> list[str]:
    return [f"{each.id} {each.msg}" for each in run_checks(tags=["messaging"])]


def test_the_settings_as_they_come_are_good() -> None:
    assert complaints() == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"AMQP_URL": "http://localhost"}, "messaging.E001 AMQP_URL is malformed"),
        ({"KEEP_PROCESSED": timedelta(hours=1)}, "messaging.W001 The inbox forgets after 1:00:00 what is done"),
        ({"DRAIN_TIMEOUT": timedelta(minutes=30)}, "messaging.W002 A worker that is to stop waits 0:30:00"),
    ],
)
def test_a_bad_setting_is_told_in_a_sentence(settings: Settings, change: dict[str, Any], complaint: str) -> None:
    settings.MESSAGING = settings.MESSAGING | change
    assert any(each.startswith(complaint) for each in complaints())


def test_a_job_that_may_hold_a_message_longer_than_rabbitmq_lets_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    name, job = next(iter(jobs.registered().items()))
    monkeypatch.setitem(jobs._jobs, name, replace(job, time_limit=timedelta(hours=1)))
    assert complaints() == [
        f"messaging.E002 {name} may run for 1:00:00, but after 0:30:00 RabbitMQ gives its message to somebody else."
    ]


def test_what_is_held_goes_back_before_rabbitmq_takes_it() -> None:
    longest_run = max(job.time_limit for job in jobs.registered().values()) + timedelta(seconds=GRACE)
    assert timedelta(seconds=pause.LONGEST_HOLD) + longest_run < CONSUMER_TIMEOUT
