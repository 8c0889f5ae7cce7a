"""A message that ends every worker is put aside, and the innocent that were in the same hands are not."""

from __future__ import annotations

import pytest

from messaging.models import FailedJob, Suspect
from tests.acceptance.trouble.client import Trouble
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_that_ends_its_process_is_put_aside_and_its_neighbours_are_done_once(trouble: Trouble) -> None:
    trouble.ask(0, "exit_without_a_word")
    for number in range(1, 13):
        trouble.ask(number)
    supervisor = trouble.start("--processes", "2", "--concurrency", "4", TROUBLE_WORK="0.3")

    failed = eventually(FailedJob.objects.first, seconds=60)
    eventually(lambda: len(trouble.done()) == 12, seconds=30)

    assert (failed.kind, failed.state, failed.queue) == ("crash_loop", "needs_attention", "trouble.do")
    assert FailedJob.objects.count() == 1
    assert trouble.done() == dict.fromkeys(range(1, 13), 1)
    eventually(lambda: not Suspect.objects.exists())
    assert supervisor.running, "Dying workers are no reason for the supervisor to give up."
    assert "ended with 3; another one takes its place" in supervisor.log.read_text()
