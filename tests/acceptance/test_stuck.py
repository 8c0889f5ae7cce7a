"""Never alive and idle: whatever hangs or dies in a worker, its process ends, and another one goes on."""

from __future__ import annotations

import pytest

from messaging.models import FailedJob, JobAttempt
from tests.acceptance.trouble.client import Trouble
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_whose_job_hangs_finishes_the_others_and_ends(trouble: Trouble) -> None:
    trouble.ask(0, "hang_in_a_system_call")
    for number in range(1, 8):
        trouble.ask(number)
    worker = trouble.start("--concurrency", "2", TROUBLE_TIME_LIMIT="1", TROUBLE_WORK="0.2")

    assert worker.popen.wait(60) == 1
    assert "A job hangs" in worker.log.read_text()
    attempt = JobAttempt.objects.get()
    assert "os.read(reading, 1)" in attempt.traceback
    assert attempt.failed_job.state == FailedJob.State.RETRYING

    trouble.start()
    eventually(lambda: trouble.done() == dict.fromkeys(range(1, 8), 1))
    assert trouble.begun()[0] == 1, "It waits for its next attempt."


def test_under_a_supervisor_another_process_takes_the_place_of_one_that_hangs(trouble: Trouble) -> None:
    trouble.ask(0, "hang_in_a_system_call")
    supervisor = trouble.start("--processes", "2", "--concurrency", "1", TROUBLE_TIME_LIMIT="1")
    eventually(lambda: "another one takes its place" in supervisor.log.read_text())

    for number in range(1, 21):
        trouble.ask(number)
    eventually(lambda: trouble.done() == dict.fromkeys(range(1, 21), 1))
    assert supervisor.running


def test_a_job_that_lets_no_other_thread_run_cannot_keep_its_process_alive(trouble: Trouble) -> None:
    trouble.ask(0, "hold_the_interpreter")
    worker = trouble.start(TROUBLE_SILENCE="3")

    assert worker.popen.wait(60) == 1
    assert "in hold_the_interpreter" in worker.log.read_text(), "The log says where."


@pytest.mark.parametrize("thread", ["amqp-consumer", "amqp-publisher", "relay", "clock", "housekeeping"])
def test_a_worker_with_a_thread_that_hangs_ends(trouble: Trouble, thread: str) -> None:
    trouble.ask(0)
    worker = trouble.start(TROUBLE_SILENCE="5", DRAIN_SECONDS="3", TROUBLE_STOPPING="1")
    eventually(trouble.done)

    (trouble.folder / f"0 hang {thread}").touch()
    assert worker.popen.wait(60) == 1
    assert f"The thread {thread} has not moved for" in worker.log.read_text()
    assert "hang_in_a_system_call" in worker.log.read_text(), "The log says where."


def test_a_worker_with_a_thread_that_has_died_ends(trouble: Trouble) -> None:
    trouble.ask(0)
    worker = trouble.start()
    eventually(trouble.done)

    (trouble.folder / "0 die relay").touch()
    assert worker.popen.wait(60) == 1
    assert "The thread relay has died." in worker.log.read_text()
