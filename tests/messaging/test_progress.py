from __future__ import annotations

import pytest

from messaging.broker import progress
from messaging.broker.progress import PATIENCE, Progress

QUEUE = "shop.orders.send_confirmation"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def look(channel: Progress, clock: Clock, *, answered: bool = True, waiting: bool = False) -> str:
    """Three seconds later the worker looks, and asks once more."""
    clock.now += 3
    found = channel.missing()
    channel.asked()
    if answered:
        channel.told(QUEUE, waiting=waiting)
    return found


def test_a_channel_that_answers_is_well_however_long(clock: Clock) -> None:
    channel = Progress()
    assert not any(look(channel, clock) for _ in range(100))


def test_a_channel_that_stops_answering_is_of_no_use(clock: Clock) -> None:
    channel = Progress()
    look(channel, clock)
    found = [look(channel, clock, answered=False) for _ in range(int(PATIENCE / 3) + 2)]
    assert found[-1] == "the channel has not answered for 60 s"
    assert not any(found[:-2])


def test_a_queue_that_keeps_its_messages_to_itself_is_named(clock: Clock) -> None:
    channel = Progress()
    found = [look(channel, clock, waiting=True) for _ in range(int(PATIENCE / 3) + 3)]
    assert found[-1] == f"{QUEUE} has messages and has delivered none for 60 s"


def test_a_queue_that_delivers_now_and_then_is_well(clock: Clock) -> None:
    channel = Progress()
    for _ in range(100):
        assert not look(channel, clock, waiting=True)
        channel.delivered(QUEUE)


def test_it_is_not_the_brokers_fault_if_nobody_asked(clock: Clock) -> None:
    channel = Progress()
    look(channel, clock, waiting=True)
    clock.now += 3600  # the database was away, say, and with it the housekeeping
    assert not look(channel, clock, waiting=True)
