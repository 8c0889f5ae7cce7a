"""How much memory does a worker process take, and does it stay there?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from uuid import uuid4

from benchmarks import procfs
from benchmarks.orders import fill_outbox, place
from benchmarks.procfs import Memory
from benchmarks.result import Result, progress, run
from benchmarks.sink import Sink, sink
from benchmarks.stage import stage, wait_until
from messaging import outbox
from messaging.models import OutboxMessage
from orders.events import ConfirmationRequested
from orders.models import Order
from shop.local.paths import PROJECT

PROCESSES = 2
#: Jobs done by both processes together.
MILESTONES = (5_000, 20_000)
#: Megabytes.
GOAL = 90
#: What "flat" means: so much more between the milestones, and nothing leaks.
GROWTH = 2


def measure() -> Iterator[Result]:
    with stage() as here, sink() as mails:
        orders = place(500)
        OutboxMessage.objects.all().delete()
        supervisor = here.start_workers(mail=mails.port, processes=PROCESSES)
        workers = procfs.children(supervisor.popen.pid)
        bare = bare_memory(here.environment)
        seen = {0: largest(workers)}
        for milestone in MILESTONES:
            progress(f"memory: up to {milestone:,} jobs")
            work(orders, mails, until=milestone)
            seen[milestone] = largest(workers)
        supervising = procfs.memory(supervisor.popen.pid)

    for jobs, used in seen.items():
        yield Result(
            question=f"RSS of the larger worker process after {jobs:,} jobs (PSS {used.pss:.1f} MB)",
            measured=used.rss,
            unit="MB",
            at_most=GOAL,
            limit=bare.rss,
            limit_is="Python with this project's Django apps loaded",
        )
    first, last = MILESTONES
    yield Result(
        question=f"growth of the larger worker process from {first:,} to {last:,} jobs",
        measured=seen[last].rss - seen[first].rss,
        unit="MB",
        at_most=GROWTH,
    )
    yield Result(question="RSS of their supervisor", measured=supervising.rss, unit="MB")


def work(orders: list[Order], mails: Sink, *, until: int) -> None:
    missing = until - mails.count()
    events = [ConfirmationRequested(order_id=orders[n % len(orders)].pk, request_id=uuid4()) for n in range(missing)]
    fill_outbox([(event, orders[n % len(orders)]) for n, event in enumerate(events)])
    outbox.hint()
    wait_until(lambda: mails.count() >= until, seconds=600, what=f"{until:,} e-mails")


def largest(workers: list[int]) -> Memory:
    return max(procfs.memory(pid) for pid in workers)


def bare_memory(environment: Mapping[str, str]) -> Memory:
    """Of a process that has loaded what every process of this project loads, and does nothing."""
    program = "import os, django; django.setup(); from benchmarks import procfs; print(*procfs.memory(os.getpid()))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, check=True)
    rss, pss = map(float, done.stdout.split())
    return Memory(rss, pss)


if __name__ == "__main__":
    run(measure)
