"""How long do the admin's pages take, and how many queries, when the shop has a past?

A million messages done, a hundred thousand failed jobs of which most need attention, and two hundred thousand orders:
SQL writes them, because customers would take an hour. Every page is asked for as a browser does, through all
middleware, and no page's time has its first answer in it, which loads templates.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks import procfs
from benchmarks.result import Result, progress, run
from benchmarks.stage import fresh_database
from messaging.models import Batch, FailedJob, OutboxMessage
from orders.models import Order
from shop.local.say import CannotGoOn

#: What it is, is written there.
PAST = Path(__file__).with_name("past.sql")
#: Milliseconds. tests/test_admin_queries.py holds the number of queries.
GOAL = 300
ROUNDS = 5

#: The part of an address after "?", by what it shows.
Queries = dict[str, dict[str, Any]]


def measure() -> Iterator[Result]:
    if connection.vendor != "postgresql":
        raise CannotGoOn("The figures are PostgreSQL's: python -m shop.local servers python -m benchmarks.admin_pages")
    with ExitStack() as stack:
        fresh_database(stack)
        stack.enter_context(as_a_browser_asks())
        user = User.objects.create_user("sue", is_staff=True)
        user.groups.set(Group.objects.all())
        progress("admin_pages: writing a past of a million messages")
        make_past()
        client = Client()
        client.force_login(user)
        for name, address in pages():
            answered = ask(client, address)
            yield Result(
                question=f"{name}, {answered.queries} queries",
                measured=answered.took,
                unit="ms",
                at_most=GOAL,
                limit=answered.worked,
                limit_is="of a processor's time",
            )


def as_a_browser_asks() -> override_settings:
    """Without what belongs to a server that faces the world: HTTPS, host names, collected files."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    return override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False, STORAGES=storages)


def make_past() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PAST.read_text())
        cursor.execute("VACUUM ANALYZE")
        # One process does the work of a query, so that its time can be told; with more it would only be shorter.
        cursor.execute("SET max_parallel_workers_per_gather TO 0")


def pages() -> Iterator[tuple[str, str]]:
    """Every page with its worst filters, and what staff look for."""
    order, failed = middle(Order), middle(FailedJob)
    yield "index", reverse("admin:index")
    orders: Queries = {
        "": {},
        "sent": {"email": "sent"},
        "on its way": {"email": "on_its_way"},
        "late": {"email": "late"},
        "needs attention": {"email": "needs_attention"},
        "page 2,000": {"p": 2000},
        "of a year": {"created_at__gte": "2026-01-01 00:00:00+00:00"},
        "by the time": {"o": "6"},
        "find a number": {"q": order.number},
        "find an e-mail": {"q": order.email},
        "find a name": {"q": order.name},
        "find what many are called": {"q": "Larsen"},
        "find nobody": {"q": "nobody"},
    }
    yield from list_pages("orders_order", orders)
    yield "order", reverse("admin:orders_order_change", args=[order.pk])
    yield "order: history", reverse("admin:orders_order_history", args=[order.pk])
    yield "order: preview", reverse("admin:orders_order_preview", args=[order.pk, "confirmation", "html"])
    failed_jobs: Queries = {
        "": {},
        "all": {"state": "all"},
        "resolved": {"state": "resolved"},
        "permanent": {"kind": "permanent"},
        "of one job": {"queue": "orders.send_confirmation"},
        "of one error": {"alike": failed.fingerprint},
        "of a year": {"state": "all", "last_failed_at__year": 2026},
        "page 1,500": {"state": "all", "p": 1500},
        "by the error": {"o": "3"},
        "find an order": {"q": order.number},
        "find a customer": {"q": order.email},
        "find words of the error": {"state": "all", "q": "no such user here"},
        "find one error": {"state": "all", "q": f"here, {failed.pk}@example.org"},
        "find nothing": {"state": "all", "q": "nothing of the kind"},
    }
    yield from list_pages("messaging_failedjob", failed_jobs)
    yield "failed job", reverse("admin:messaging_failedjob_change", args=[failed.pk])
    yield from list_pages("messaging_batch", {"": {}})
    yield "batch", reverse("admin:messaging_batch_change", args=[middle(Batch).pk])
    yield from list_pages("messaging_outboxmessage", {"": {}, "refused": {"wait": "parked"}})
    yield "queues and workers", reverse("admin:messaging_worker_changelist")
    yield "message in the outbox", reverse("admin:messaging_outboxmessage_change", args=[middle(OutboxMessage).pk])


def list_pages(name: str, queries: Queries) -> Iterator[tuple[str, str]]:
    address = reverse(f"admin:{name}_changelist")
    kind = name.partition("_")[2]
    for words, query in queries.items():
        yield f"{kind} list{': ' if words else ''}{words}", f"{address}?{urlencode(query)}"


def middle(model: type[Any]) -> Any:
    """A row with as many before it as after it."""
    rows = model._default_manager.order_by("pk")
    return rows[rows.count() // 2]


@dataclass(frozen=True)
class Answered:
    #: Milliseconds of the median answer: by the clock, and of a processor's time, ours and PostgreSQL's.
    took: float
    worked: float
    queries: int


def ask(client: Client, address: str) -> Answered:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    number = len(queries)
    if answer.status_code != 200:
        raise CannotGoOn(f"{address} answered {answer.status_code}.")
    took, worked = [], cpu_seconds()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        client.get(address)
        took.append(time.perf_counter() - began)
    return Answered(median(took) * 1000, (cpu_seconds() - worked) / ROUNDS * 1000, number)


def cpu_seconds() -> float:
    """Of this process, and of the one that PostgreSQL has for it."""
    return time.process_time() + procfs.cpu_seconds(connection.connection.info.backend_pid)


if __name__ == "__main__":
    run(measure)
