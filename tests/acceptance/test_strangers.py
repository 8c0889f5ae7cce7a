"""Promise 5 for what strangers send: the worker lives, and each message is handled or kept for staff."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from django.contrib.auth.models import Group
from pika import BasicProperties

from messaging.models import FailedJob
from shop.local.rabbitmq import connect
from tests.acceptance.plant import BellRang, Plant, message
from tests.strange_messages import Raw, nested, thrown
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

MILLISECONDS = Raw(struct.pack(">cQ", b"T", 1_800_000_000_000))


def open_door(event: BellRang) -> None:
    Group.objects.create(name=f"door {event.bell}")


def throw(plant: Plant, amqp_url: str, body: bytes, properties: BasicProperties) -> None:
    with connect(amqp_url) as connection, thrown():
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("", plant.topology.queue_of(plant.job.queue), body, properties, mandatory=True)


@pytest.mark.parametrize(
    "properties",
    [
        {"headers": {"sent": MILLISECONDS}},
        {"headers": {"deep": nested(5_000)}},
        {"headers": {b"\xff": b"\xff"}, "message_id": b"\xff", "type": b"\xff"},
    ],
    ids=["milliseconds where seconds belong", "lists without end", "no UTF-8"],
)
def test_properties_that_cannot_be_read_do_not_keep_a_message_from_its_job(
    amqp_url: str, properties: dict[str, Any]
) -> None:
    plant = Plant(open_door)
    with plant.worker():
        throw(plant, amqp_url, message(bell=1), BasicProperties(**properties))
        eventually(lambda: Group.objects.filter(name="door 1").exists())
    assert not FailedJob.objects.exists()


def test_lists_in_lists_in_a_header_do_not_keep_a_message_from_staff(amqp_url: str) -> None:
    plant = Plant(open_door)
    with plant.worker():
        throw(plant, amqp_url, b"nonsense", BasicProperties(headers={"deep": nested(900)}))
        failed = eventually(FailedJob.objects.first)
    assert (failed.kind, failed.state) == ("not_a_message", "needs_attention")


def test_an_id_that_is_no_text_does_not_keep_a_message_from_staff(amqp_url: str) -> None:
    plant = Plant(open_door)
    with plant.worker():
        throw(plant, amqp_url, b"nonsense", BasicProperties(message_id=b"\xff\xfe"))
        failed = eventually(FailedJob.objects.first)
    assert (failed.kind, failed.state) == ("not_a_message", "needs_attention")


def test_an_attempt_at_the_end_of_numbers_counts_as_the_first_so_that_staff_can_retry(amqp_url: str) -> None:
    plant = Plant(open_door)
    with plant.running():
        throw(plant, amqp_url, b"nonsense", BasicProperties(headers={"x-attempt": 2**31 - 1}))
        failed = eventually(FailedJob.objects.first)
    assert failed.attempts == 1
