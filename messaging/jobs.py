"""Jobs: functions subscribed to events. Each has its own durable queue, named `<app>.<function>`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.apps import apps

from messaging.events import Event
from messaging.retry import Backoff

JobFunction = Callable[[Any], Iterator[None] | None]
F = TypeVar("F", bound=JobFunction)

#: Much longer than a job should take, much shorter than the half hour after which RabbitMQ takes a message back.
TIME_LIMIT = timedelta(minutes=2)


@dataclass(frozen=True)
class Asked:
    """A message whose job has failed and that staff want to retry."""

    event: Any
    #: When it was published.
    at: datetime


#: Tells for each of these messages, in their order, why there is nothing left to do; "" if there is something.
DoneAlready = Callable[[Sequence[Asked]], Sequence[str]]


@dataclass(frozen=True)
class Job:
    queue: str
    events: tuple[type[Event], ...]
    function: JobFunction
    retry: Backoff
    time_limit: timedelta = TIME_LIMIT
    #: How many may run at once in a process; None: as many as it has threads.
    at_once: int | None = None
    #: What it makes, as staff call it: "order confirmation".
    title: str = ""
    done_already: DoneAlready | None = None


def job(
    *events: type[Event],
    retry: Backoff | None = None,
    time_limit: timedelta = TIME_LIMIT,
    at_once: int | None = None,
    title: str = "",
    done_already: DoneAlready | None = None,
) -> Callable[[F], F]:
    """Subscribe a function in `<app>/jobs.py` to events. It receives the event and runs at least once for each.

    A plain function runs in one transaction together with the inbox row: its database effects, and the events that it
    publishes, happen exactly once.

    A job that talks to somebody else (a mail server) is a generator that yields once. What stands before the `yield`
    does the outside work and does not write to the database, for its effects there could happen twice; what stands
    after it runs in the transaction of the inbox row. On PostgreSQL that transaction is open from the start, so that a
    concurrent duplicate waits; on SQLite, which has one writer, nobody has to wait for the mail server.

    A job that is still running after `time_limit` is interrupted, and has failed. `at_once` keeps heavy jobs from
    taking all threads of a worker. `title` is what staff read: "Order confirmation" for order 10042.

    The inbox knows whether this very message has done the job. Where another message can have had the same effect,
    `done_already` knows: it is asked before staff's Retry queues a message again, about a thousand of them at a time.
    """

    def register(function: F) -> F:
        app = apps.get_containing_app_config(function.__module__)
        if app is None:
            raise TypeError(f"{function.__module__}.{function.__qualname__} is a job outside of any installed app.")
        queue = f"{app.label}.{function.__name__}"
        if queue in _jobs and _jobs[queue].function is not function:
            raise TypeError(f"Two jobs are named {queue}.")
        _jobs[queue] = Job(
            queue,
            events,
            function,
            retry=retry or Backoff(),
            time_limit=time_limit,
            at_once=at_once,
            title=title or function.__name__.replace("_", " ").capitalize(),
            done_already=done_already,
        )
        return function

    return register


def registered() -> dict[str, Job]:
    """Every job of the installed apps, by the name of its queue."""
    return dict(sorted(_jobs.items()))


_jobs: dict[str, Job] = {}
