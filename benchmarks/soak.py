"""`make soak`: does anything grow? Relay and workers are kept busy for SOAK_SECONDS, while what is done is pruned.

Prints a line now and then, a table in the end, and ends with 1 if a verdict is missed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import uuid4

from benchmarks import idle, procfs
from benchmarks.orders import fill_outbox, place
from benchmarks.result import Result, all_met, progress, show
from benchmarks.sink import Sink, sink
from benchmarks.stage import Stage, stage, wait_until
from messaging import outbox
from messaging.housekeeping import PRUNE_EVERY
from messaging.models import FailedJob, JobAttempt, OutboxMessage, ProcessedMessage, PublishedMessage
from orders.events import ConfirmationRequested
from orders.models import Order
from shop.local.processes import stop_on_signals
from shop.local.say import CannotGoOn, complain

PROCESSES = 2
#: Messages that are published and not yet sent: enough to keep everybody busy.
BACKLOG = 2000
#: Of so many e-mails the mail server puts one off, so that there are failed jobs to prune.
LATER_EVERY = 200
#: Seconds that the inbox and resolved failed jobs are kept: in life it is days.
KEEP = 60
#: Seconds after which a row must be gone: kept, waiting for the next pruning, and for one that takes its time.
GONE_AFTER = KEEP + 2 * PRUNE_EVERY
#: Seconds after the start at which memory is first read; and percent by which it may grow from there.
FIRST_MINUTE = 60
GROWTH = 5
#: Seconds between two looks, and between two lines of progress.
LOOK_EVERY = 2.0
TELL_EVERY = 30.0


def main() -> int:
    stop_on_signals()
    seconds = float(os.environ.get("SOAK_SECONDS") or 900)
    try:
        if seconds <= GONE_AFTER:
            raise CannotGoOn(f"SOAK_SECONDS must be more than {GONE_AFTER:.0f}: before that, nothing has to be gone.")
        results = list(soak(seconds))
    except CannotGoOn as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    show(results, as_json=False)
    return 0 if all_met(results) else 1


@dataclass
class Look:
    """What one moment was like."""

    at: float
    sent: int
    put_off: int
    rows: dict[str, int]
    #: Megabytes (RSS), by program.
    memory: dict[str, float]


@dataclass
class Watch:
    mails: Sink
    pids: dict[str, int]
    looks: list[Look] = field(default_factory=list)

    def look(self) -> Look:
        rows = {
            "outbox": OutboxMessage.objects.count(),
            "published": PublishedMessage.objects.count(),
            "inbox": ProcessedMessage.objects.count(),
            "failed jobs": FailedJob.objects.count(),
            "attempts": JobAttempt.objects.count(),
        }
        memory = {name: procfs.memory(pid).rss for name, pid in self.pids.items()}
        self.looks.append(Look(time.monotonic(), self.mails.count(), self.mails.put_off(), rows, memory))
        return self.looks[-1]


def soak(seconds: float) -> Iterator[Result]:
    with stage() as bare, sink(later_every=LATER_EVERY) as mails:
        days = str(timedelta(seconds=KEEP) / timedelta(days=1))
        keep = {"KEEP_PROCESSED_DAYS": days, "KEEP_FAILED_DAYS": days, "LOG_LEVEL": "WARNING"}
        here = replace(bare, environment={**bare.environment, **keep})
        orders = place(500)
        OutboxMessage.objects.all().delete()
        watch = Watch(mails, start_programs(here, mails))
        published = work(orders, watch, seconds)
        progress(f"soak: {published:,} messages are published; waiting for the last e-mails")
        wait_until(lambda: mails.count() >= published, seconds=120, what="the last e-mails")
        wait_until(lambda: not OutboxMessage.objects.exists(), seconds=60, what="an empty outbox")
        last = watch.look()
        progress(f"soak: now {idle.SECONDS} seconds of nothing")
        time.sleep(idle.SETTLE)
        shares = dict(zip(watch.pids, idle.cpu_shares(*watch.pids.values()), strict=True))
        yield Result(question="messages published", measured=published, unit="")
        yield Result(
            question="e-mails more or fewer than messages", measured=abs(mails.count() - published), unit="", at_most=0
        )
        yield from memory(watch.looks)
        yield from tables(watch.looks)
        yield Result(question="rows left in the outbox", measured=last.rows["outbox"], unit="", at_most=0)
        for name, share in shares.items():
            yield Result(question=f"CPU of the idle {name}", measured=share, unit="% of a core", at_most=1)


def start_programs(here: Stage, mails: Sink) -> dict[str, int]:
    """The process ids of the relay and of each worker."""
    relay = here.start("run_relay")
    supervisor = here.start_workers("--no-relay", processes=PROCESSES, mail=mails.port)
    workers = procfs.children(supervisor.popen.pid)
    return {"relay": relay.popen.pid} | {f"worker {n}": pid for n, pid in enumerate(workers, 1)}


def work(orders: list[Order], watch: Watch, seconds: float) -> int:
    """Keep the backlog full until the time is over; how many messages were published."""
    published, began = 0, time.monotonic()
    told = looked = began
    while (now := time.monotonic()) < began + seconds:
        missing = BACKLOG - (published - watch.mails.count())
        if missing >= BACKLOG / 4:
            chosen = [orders[n % len(orders)] for n in range(missing)]
            fill_outbox([(ConfirmationRequested(order_id=each.pk, request_id=uuid4()), each) for each in chosen])
            outbox.hint()
            published += missing
        if now - looked >= LOOK_EVERY:
            looked, seen = now, watch.look()
            if now - told >= TELL_EVERY:
                told = now
                tell(now - began, seen)
        time.sleep(0.05)
    return published


def tell(seconds: float, seen: Look) -> None:
    sizes = ", ".join(f"{name} {size:.1f} MB" for name, size in seen.memory.items())
    rows = ", ".join(f"{name} {count:,}" for name, count in seen.rows.items())
    progress(f"soak {seconds:5.0f} s: {seen.sent:,} e-mails; {sizes}; rows: {rows}")


def memory(looks: list[Look]) -> Iterator[Result]:
    first = next(look for look in looks if look.at - looks[0].at >= FIRST_MINUTE)
    for name, before in first.memory.items():
        after = max(look.memory[name] for look in looks[-5:])
        yield Result(question=f"memory of the {name} after the first minute", measured=before, unit="MB")
        yield Result(
            question=f"its growth over the {looks[-1].sent - first.sent:,} messages after that",
            measured=100 * (after - before) / before,
            unit="%",
            at_most=GROWTH,
        )


def tables(looks: list[Look]) -> Iterator[Result]:
    """Each table beside what was born into it in the last GONE_AFTER seconds: there must not be more."""
    most = max(look.rows["outbox"] for look in looks)
    yield Result(question="most rows in the outbox", measured=most, unit="", at_most=1.5 * BACKLOG)
    for name in ("published", "inbox", "failed jobs", "attempts"):
        fullest, share = max(
            ((look.rows[name], filling(look, looks, name)) for look in looks), key=lambda each: each[1]
        )
        yield Result(
            question=f"{name}: most rows ({fullest:,}) beside what came in the {GONE_AFTER:.0f} s before",
            measured=100 * share,
            unit="%",
            at_most=100,
        )


def filling(look: Look, looks: list[Look], name: str) -> float:
    """The rows of a table as a share of what came in time to be there still; 0 while nothing had to be gone yet."""
    old = [each for each in looks if each.at <= look.at - GONE_AFTER]
    if not old:
        return 0.0
    put_off, sent = look.put_off - old[-1].put_off, look.sent - old[-1].sent
    came = put_off if name in {"failed jobs", "attempts"} else put_off + sent
    return look.rows[name] / came if came else 0.0


if __name__ == "__main__":
    sys.exit(main())
