"""Promise 7: SIGTERM drains. What has begun is finished once, the rest goes back, and the exit code tells."""

from __future__ import annotations

import os
import signal

import pytest

from messaging.models import FailedJob, Worker
from orders.models import OrderEmail
from tests.acceptance.conftest import StartWorker
from tests.acceptance.orders import in_the_post, place_order
from tests.acceptance.post_office import PostOffice
from tests.acceptance.trouble.client import Trouble
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("processes", [1, 2])
def test_sigterm_under_load_loses_repeats_and_fails_nothing(
    start_worker: StartWorker, post_office: PostOffice, processes: int
) -> None:
    post_office.slowness = 0.3
    orders = [place_order() for _ in range(60)]
    worker = start_worker("--concurrency", "4", "--processes", str(processes))
    eventually(lambda: len(post_office.taken) >= 6)

    worker.popen.send_signal(signal.SIGTERM)
    assert worker.popen.wait(20) == 0

    assert 6 <= len(post_office.taken) < len(orders), "It was stopped in the middle."
    written = {in_the_post(email.order) for email in OrderEmail.objects.select_related("order")}
    assert post_office.offered == post_office.taken == dict.fromkeys(written, 1)
    assert not Worker.objects.exists()
    start_worker("--concurrency", "8")
    eventually(lambda: OrderEmail.objects.count() == len(orders))
    assert set(post_office.offered.values()) == {1}
    assert not FailedJob.objects.exists()


def test_past_the_deadline_only_what_was_not_done_goes_back(trouble: Trouble) -> None:
    for number in range(2):
        trouble.ask(number, "wait_for_permission")
    for number in range(2, 6):
        trouble.ask(number)
    worker = trouble.start("--concurrency", "4", DRAIN_SECONDS="1")
    eventually(lambda: len(trouble.done()) == 4)

    worker.popen.send_signal(signal.SIGTERM)
    assert worker.popen.wait(20) == 1
    assert "still running at the deadline" in worker.log.read_text()

    trouble.permit()
    trouble.start()
    eventually(lambda: len(trouble.done()) == 6)
    assert trouble.begun() == {0: 2, 1: 2, 2: 1, 3: 1, 4: 1, 5: 1}
    assert set(trouble.done().values()) == {1}
    assert not FailedJob.objects.exists()


def test_a_second_sigterm_to_the_supervisor_ends_its_processes_too(trouble: Trouble) -> None:
    for number in range(4):
        trouble.ask(number, "wait_for_permission")
    # A deadline that does not come: only the second signal can end them.
    supervisor = trouble.start("--processes", "2", "--concurrency", "2", DRAIN_SECONDS="300")
    eventually(lambda: len(trouble.begun()) == 4)
    eventually(lambda: Worker.objects.count() == 2)
    pids = list(Worker.objects.values_list("pid", flat=True))

    supervisor.popen.send_signal(signal.SIGTERM)
    eventually(lambda: supervisor.log.read_text().count("finishing what has begun") == 2)
    supervisor.popen.send_signal(signal.SIGTERM)
    assert supervisor.popen.wait(20) == 1
    eventually(lambda: not any(map(lives, pids)))

    trouble.permit()
    trouble.start()
    eventually(lambda: trouble.done() == dict.fromkeys(range(4), 1))
    assert not FailedJob.objects.exists()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
