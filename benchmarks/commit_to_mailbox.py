"""How long after its commit is an order's e-mail at the mail server, at 20 orders a second?

Beside it stands the wait that no design with a broker can avoid: a persistent message's way through a quorum queue,
measured with bare pika while the shop works; and, to compare disks, how long a commit takes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from statistics import median, quantiles
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction

from benchmarks.bare_pika import RoundTrips
from benchmarks.orders import DETAILS, cart
from benchmarks.result import Result, progress, run
from benchmarks.sink import sink
from benchmarks.stage import Stage, stage, wait_until
from orders.cart import Cart
from orders.checkout import place_order
from shop.local.say import CannotGoOn

SECONDS = 60
PER_SECOND = 20
#: Orders that warm everything up and do not count.
WARM_UP = 2 * PER_SECOND


def measure() -> Iterator[Result]:
    with stage() as here, sink() as mails:
        here.start_workers(mail=mails.port)
        progress(f"commit_to_mailbox: {PER_SECOND} orders a second for {SECONDS} seconds")
        trips = RoundTrips(
            settings.MESSAGING["AMQP_URL"], queue=f"{here.topology.prefix}.bare", count=SECONDS * 5, pause=0.17
        )
        beside = threading.Thread(target=trips.run, daemon=True)
        beside.start()
        committed = trade()
        beside.join()
        wait_until(lambda: mails.count() >= len(committed), seconds=30, what="the last e-mails")
        arrived = dict(mails.arrivals().mails)
        commit = median(commits(here)) * 1000
    if arrived.keys() != committed.keys():
        raise CannotGoOn("Some order has no e-mail.")
    waits = [(arrived[number] - moment) * 1000 for number, moment in committed.items()][WARM_UP:]
    cuts = quantiles(waits, n=20)
    round_trip = median(trips.seconds) * 1000
    limit_is = f"median through a bare quorum queue (a commit takes {commit:.2f} ms)"
    for name, wait, goal in (("p50", cuts[9], 10), ("p95", cuts[18], None), ("longest", max(waits), None)):
        yield Result(
            question=f"commit to mailbox at {PER_SECOND} orders a second, {name} of {len(waits):,}",
            measured=wait,
            unit="ms",
            at_most=goal,
            limit=round_trip,
            limit_is=limit_is,
        )


def trade() -> dict[int, float]:
    """Place the orders at an even pace; the moment at which each was committed, by order number."""
    contents, committed = cart(), {}
    began = time.monotonic()
    for n in range(SECONDS * PER_SECOND):
        time.sleep(max(0, began + n / PER_SECOND - time.monotonic()))
        number, moment = place_one(contents)
        committed[number] = moment
    return committed


def place_one(contents: Cart) -> tuple[int, float]:
    moments: list[float] = []
    with transaction.atomic():
        # Called in the order of registration: when the commit is back, before publish() sends its hint.
        transaction.on_commit(lambda: moments.append(time.monotonic()))
        order = place_order(cart=contents, details=DETAILS, key=uuid4())
    return order.number, moments[0]


def commits(here: Stage) -> Iterator[float]:
    """Seconds that each of some hundred smallest possible transactions takes."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE benchmark_commits (n integer)")
        for n in range(300):
            started = time.perf_counter()
            cursor.execute("INSERT INTO benchmark_commits VALUES (%s)", [n])
            yield time.perf_counter() - started


if __name__ == "__main__":
    run(measure)
