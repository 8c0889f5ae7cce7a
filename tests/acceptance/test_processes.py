"""Promises 1, 5, 6 and 7 with real processes: run_consumer is killed, stopped and left without its servers."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from messaging import staff
from messaging.models import FailedJob, OutboxMessage, ProcessedMessage, Suspect, Worker
from messaging.quarantine import CRASHES
from messaging.status import QueueStatus, status
from orders.models import OrderEmail
from shop.local.rabbitmq_node import PrivateNode
from tests.acceptance.conftest import StartWorker
from tests.acceptance.orders import in_the_post, place_order
from tests.acceptance.post_office import PostOffice
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_that_is_killed_in_the_middle_of_a_job_loses_nothing(
    start_worker: StartWorker, post_office: PostOffice
) -> None:
    post_office.ignores = {"*"}
    order = place_order()
    worker = start_worker()
    eventually(lambda: post_office.offered[in_the_post(order)])
    eventually(lambda: not OutboxMessage.objects.exists())

    worker.kill()
    post_office.ignores.clear()
    start_worker()

    eventually(lambda: OrderEmail.objects.filter(order=order).exists())
    eventually(lambda: not Suspect.objects.exists())
    assert post_office.offered[in_the_post(order)] == 2
    assert [failed.error for failed in FailedJob.objects.all()] == []


def test_sigterm_lets_the_job_in_hand_finish(start_worker: StartWorker, post_office: PostOffice) -> None:
    post_office.ignores = {"*"}
    order = place_order()
    worker = start_worker()
    eventually(lambda: post_office.offered[in_the_post(order)])

    worker.popen.send_signal(signal.SIGTERM)
    eventually(lambda: "finishing what has begun" in worker.log.read_text())
    late = place_order()
    post_office.ignores.clear()

    assert worker.popen.wait(20) == 0
    assert post_office.taken == {in_the_post(order): 1}
    assert OrderEmail.objects.get().order == order
    assert not FailedJob.objects.exists()
    start_worker()
    eventually(lambda: OrderEmail.objects.filter(order=late).exists())


def test_past_the_deadline_a_job_goes_back_and_the_exit_code_says_so(
    start_worker: StartWorker, post_office: PostOffice
) -> None:
    post_office.ignores = {"*"}
    order = place_order()
    worker = start_worker(DRAIN_SECONDS="1")
    eventually(lambda: post_office.offered[in_the_post(order)])

    worker.popen.send_signal(signal.SIGTERM)
    assert worker.popen.wait(20) == 1
    assert "still running at the deadline" in worker.log.read_text()

    post_office.ignores.clear()
    start_worker()
    eventually(lambda: OrderEmail.objects.filter(order=order).exists())
    assert not FailedJob.objects.exists()


def test_a_second_sigterm_stops_at_once(start_worker: StartWorker, post_office: PostOffice) -> None:
    post_office.ignores = {"*"}
    order = place_order()
    worker = start_worker()
    eventually(lambda: post_office.offered[in_the_post(order)])

    worker.popen.send_signal(signal.SIGTERM)
    eventually(lambda: "finishing what has begun" in worker.log.read_text())
    worker.popen.send_signal(signal.SIGTERM)
    assert worker.popen.wait(5) == 1


def test_without_a_mail_server_the_job_pauses_and_no_attempt_is_counted(
    start_worker: StartWorker, post_office: PostOffice
) -> None:
    post_office.close()
    orders = [place_order() for _ in range(30)]
    start_worker()
    paused = eventually(lambda: next((each.paused for each in Worker.objects.all() if each.paused), None))
    assert "does not let us in" in paused["orders.send_confirmation"]["reason"]

    post_office.open()
    eventually(lambda: OrderEmail.objects.count() == len(orders), seconds=30)
    assert not FailedJob.objects.exists()
    assert set(post_office.taken.values()) == {1}
    eventually(lambda: not any(each.paused for each in Worker.objects.all()))


def test_a_queue_that_staff_pause_waits_until_they_resume_it(
    start_worker: StartWorker, post_office: PostOffice
) -> None:
    def confirmations() -> QueueStatus:
        return next(queue for queue in status().queues if queue.name == "orders.send_confirmation")

    # Given a worker that runs
    alice = User.objects.create_superuser("alice")
    start_worker()
    eventually(lambda: confirmations().consumers == 1)
    # When Alice pauses its queue
    staff.pause("orders.send_confirmation", by=alice, reason="The template is wrong.")
    # Then it obeys: it looks every three seconds, and tells in the report after that what RabbitMQ says
    eventually(lambda: confirmations().consumers == 0, seconds=10)
    # And what customers order meanwhile waits in RabbitMQ
    order = place_order()
    eventually(lambda: confirmations().ready == 1)
    assert not post_office.offered
    # Until she resumes it
    staff.resume("orders.send_confirmation", by=alice)
    eventually(lambda: OrderEmail.objects.filter(order=order).exists())


def test_a_message_that_kills_its_workers_is_put_aside_and_its_neighbours_are_delivered(
    start_worker: StartWorker, post_office: PostOffice
) -> None:
    poison = place_order()
    neighbours = [place_order() for _ in range(5)]
    post_office.ignores = {in_the_post(poison)}
    for time in range(1, CRASHES + 2):
        worker = start_worker("--concurrency", "2")
        eventually(lambda time=time: post_office.offered[in_the_post(poison)] == time)  # type: ignore[misc]
        worker.kill()

    start_worker("--concurrency", "2")
    failed = eventually(FailedJob.objects.first)
    assert (failed.kind, failed.subject) == ("crash_loop", f"orders.order/{poison.pk}")
    eventually(lambda: OrderEmail.objects.count() == len(neighbours))
    assert FailedJob.objects.count() == 1
    assert set(OrderEmail.objects.values_list("order", flat=True)) == {order.pk for order in neighbours}


def test_while_rabbitmq_is_away_alice_orders_as_always_and_gets_her_e_mail_later(
    client: Client,
    start_worker: StartWorker,
    post_office: PostOffice,
    rabbitmq_node: PrivateNode,
) -> None:
    start_worker(AMQP_URL=rabbitmq_node.url)
    eventually(lambda: status().broker_answers)
    rabbitmq_node.stop_app()
    try:
        order = place_order()
        page = client.get(reverse("orders:status", args=[order.token]))
        assert page.status_code == 200
        assert OutboxMessage.objects.count() == 1
        assert not ProcessedMessage.objects.exists()
        # And staff are told what is away, by a worker that lives
        eventually(lambda: status().broker_answers is False)
    finally:
        rabbitmq_node.start_app()
    eventually(lambda: OrderEmail.objects.filter(order=order).exists(), seconds=40)


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("AMQP_URL", "nonsense", "AMQP_URL is malformed"),
        ("AMQP_URL", "amqp://127.0.0.1:1/", "RabbitMQ at 127.0.0.1:1 (AMQP_URL) cannot be reached"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL is malformed"),
        (
            "DATABASE_URL",
            "postgres://shop:secret@127.0.0.1:1/shop",
            "127.0.0.1:1/shop (DATABASE_URL) cannot be reached",
        ),
        ("DATABASE_URL", "sqlite:////tmp/there-is-no-such-database.sqlite3", "Run `manage.py migrate` first"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence_at_the_start(
    start_worker: StartWorker, variable: str, value: str, sentence: str
) -> None:
    worker = start_worker(**{variable: value})
    assert worker.popen.wait(30) not in {0, None}
    said = worker.log.read_text()
    assert sentence in said
    assert "secret" not in said
    assert "Traceback" not in said


def test_a_job_that_does_not_exist_is_refused_with_a_list_of_those_that_do(start_worker: StartWorker) -> None:
    worker = start_worker("--queue", "orders.send_flowers")
    assert worker.popen.wait(30) == 1
    assert "No job is named orders.send_flowers. There are: " in worker.log.read_text()


def test_two_processes_share_the_work_and_a_dead_one_is_replaced(
    start_worker: StartWorker, post_office: PostOffice
) -> None:
    worker = start_worker("--processes", "2")
    pids = eventually(
        lambda: set(Worker.objects.values_list("pid", flat=True)) if Worker.objects.count() == 2 else None
    )
    os.kill(min(pids), signal.SIGKILL)
    eventually(lambda: set(Worker.objects.values_list("pid", flat=True)) - pids)

    order = place_order()
    eventually(lambda: OrderEmail.objects.filter(order=order).exists())
    worker.popen.send_signal(signal.SIGTERM)
    assert worker.popen.wait(20) == 0


def test_with_reload_the_worker_starts_anew_when_the_code_changes(
    start_worker: StartWorker, post_office: PostOffice, tmp_path: Path
) -> None:
    code = tmp_path / "settings_of_bob.py"
    code.write_text("from shop.settings import *\n")
    start_worker("--reload", DJANGO_SETTINGS_MODULE="settings_of_bob", PYTHONPATH=str(tmp_path))
    before = eventually(Worker.objects.first)
    code.write_text("from shop.settings import *\nSHOP_NAME = 'Bob & Daughters'\n")
    os.utime(code, (0, 0))  # whatever the file system's clock can tell apart
    eventually(lambda: Worker.objects.exclude(pk=before.pk).exists())

    order = place_order()
    eventually(lambda: OrderEmail.objects.filter(order=order).exists())
