from __future__ import annotations

import threading
from uuid import UUID, uuid4

import pytest

from messaging.models import Suspect
from messaging.quarantine import CRASHES, CrashLoop, Quarantine
from tests.waiting import eventually

QUEUE = "orders.send_confirmation"

pytestmark = pytest.mark.django_db


def begun(times: int) -> UUID:
    """A message whose job other workers have begun that often, and never ended."""
    return Suspect.objects.create(message_id=uuid4(), queue=QUEUE, begun=times).message_id


def test_a_message_that_ends_well_is_suspected_no_more() -> None:
    message_id = begun(CRASHES - 1)
    with Quarantine().suspected(message_id, QUEUE):
        assert Suspect.objects.get().begun == CRASHES
    assert not Suspect.objects.exists()


def test_a_job_that_raises_has_ended_too() -> None:
    with pytest.raises(ZeroDivisionError), Quarantine().suspected(begun(1), QUEUE):
        raise ZeroDivisionError
    assert not Suspect.objects.exists()


def test_after_too_many_deaths_it_is_not_begun_again() -> None:
    message_id = begun(CRASHES)
    with (
        pytest.raises(CrashLoop, match=f"died before it ended: {CRASHES} times"),
        Quarantine().suspected(message_id, QUEUE),
    ):
        pytest.fail("It was begun.")


def test_who_killed_a_worker_runs_alone() -> None:
    quarantine = Quarantine()
    neighbour_begins, neighbour_ends = threading.Event(), threading.Event()

    def neighbour() -> None:
        with quarantine.free():
            neighbour_begins.set()
            neighbour_ends.wait(10)

    def another() -> None:
        with quarantine.free():
            others.append("ran")

    others: list[str] = []
    first, second = threading.Thread(target=neighbour), threading.Thread(target=another)
    first.start()
    assert neighbour_begins.wait(10)
    threading.Timer(0.05, neighbour_ends.set).start()
    with quarantine.suspected(begun(1), QUEUE):
        assert neighbour_ends.is_set()
        second.start()
        assert others == []
    eventually(lambda: others)
    first.join()
    second.join()
