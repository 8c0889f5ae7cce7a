"""How many orders a second do two worker processes turn into e-mails, relay included?

The clock runs from the moment at which a full outbox is due until the last e-mail is at the mail server. The workers
have started by then, and every order has its e-mail, or there is no figure.
"""

from __future__ import annotations

import multiprocessing
import smtplib
import time
from collections.abc import Iterator

from benchmarks.orders import hold_outbox, place, release_outbox
from benchmarks.result import Result, progress, run
from benchmarks.sink import Sink, sink
from benchmarks.stage import stage, wait_until
from shop.local.say import CannotGoOn

ORDERS = 6000
PROCESSES = 2
#: E-mails for the limit: the bare mail server is quick.
BARE = 20_000


def measure() -> Iterator[Result]:
    with stage() as here, sink() as mails:
        progress(f"order_to_email: placing {ORDERS:,} orders")
        numbers = {order.number for order in place(ORDERS)}
        hold_outbox()
        here.start_workers(mail=mails.port, processes=PROCESSES)
        started = time.monotonic()
        release_outbox()
        wait_until(lambda: mails.count() >= ORDERS, seconds=300, what=f"{ORDERS:,} e-mails")
        arrived, last = mails.arrivals()
        if {number for number, _ in arrived} != numbers:
            raise CannotGoOn(f"{ORDERS:,} orders, but {len(arrived):,} e-mails, not one for each order.")
        rate = ORDERS / (max(moment for _, moment in arrived) - started)
        progress(f"order_to_email: {rate:,.0f}/s; now the bare mail server")
        limit = bare_rate(mails, last)
    yield Result(
        question=f"orders a second that {PROCESSES} worker processes turn into e-mails",
        measured=rate,
        unit="/s",
        at_least=500,
        limit=limit,
        limit_is=f"the same e-mail from {PROCESSES} processes of nothing but smtplib",
    )


def bare_rate(mails: Sink, mail: bytes) -> float:
    mails.forget()
    context = multiprocessing.get_context("spawn")
    senders = [context.Process(target=send, args=(mails.port, mail, BARE // PROCESSES)) for _ in range(PROCESSES)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    moments = [moment for _, moment in mails.arrivals().mails]
    if len(moments) != BARE:
        raise CannotGoOn(f"The bare mail server took {len(moments):,} e-mails instead of {BARE:,}.")
    # Without the time in which one of the processes was still starting, or had already ended.
    quarter = BARE // 4
    moments.sort()
    return (BARE - 2 * quarter) / (moments[BARE - quarter - 1] - moments[quarter - 1])


def send(port: int, mail: bytes, count: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for _ in range(count):
            server.sendmail("orders@shop.example", ["alice@example.org"], mail)


if __name__ == "__main__":
    run(measure)
