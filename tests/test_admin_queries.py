"""No page of the admin asks the database more than fifteen questions, however much it shows. See also benchmarks."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messaging import repair
from messaging.models import Batch, FailedJob, OutboxMessage
from orders.models import Order
from tests.factories import FailedJobFactory, JobAttemptFactory, OutboxMessageFactory, WorkerFactory, confirmed

MOST = 15
#: Of each kind of thing: with a query for each, every page would ask too many.
MANY = MOST + 1

PAGES = {
    "index": "/admin/",
    "orders": "/admin/orders/order/",
    "orders that are late": "/admin/orders/order/?email=late",
    "orders that need attention": "/admin/orders/order/?email=needs_attention",
    "orders found": "/admin/orders/order/?q=Larsen",
    "order": "/admin/orders/order/{order}/change/",
    "what staff did to an order": "/admin/orders/order/{order}/history/",
    "preview": "/admin/orders/order/{order}/preview/confirmation/html/",
    "failed jobs": "/admin/messaging/failedjob/",
    "all failed jobs": "/admin/messaging/failedjob/?state=all",
    "failed jobs of one error": "/admin/messaging/failedjob/?alike={alike}",
    "failed jobs of a batch": "/admin/messaging/failedjob/?state=all&batch={batch}",
    "failed jobs found by the customer": "/admin/messaging/failedjob/?q=Larsen",
    "failed jobs found by the error": "/admin/messaging/failedjob/?q=Connection",
    "failed job": "/admin/messaging/failedjob/{failed}/change/",
    "discard": "/admin/messaging/failedjob/discard/",
    "batches": "/admin/messaging/batch/",
    "batch": "/admin/messaging/batch/{batch}/change/",
    "queues and workers": "/admin/messaging/worker/",
    "outbox": "/admin/messaging/outboxmessage/",
    "message in the outbox": "/admin/messaging/outboxmessage/{message}/change/",
}


@pytest.fixture
def staff(db: None) -> Client:
    """Somebody whose rights come from both groups, which takes more queries than those of a superuser."""
    groups: Any = import_module("orders.migrations.0004_groups")
    groups.make_groups(apps, connection.schema_editor())
    gwen = User.objects.create_user("gwen", is_staff=True)
    gwen.groups.set(Group.objects.all())
    client = Client()
    client.force_login(gwen)
    return client


@pytest.fixture
def keys(staff: Client) -> dict[str, Any]:
    gwen = User.objects.get()
    orders: list[Order] = []
    for _ in range(MANY):
        order = confirmed()
        failed = FailedJobFactory.create(subject=order.subject)
        OutboxMessageFactory.create(subject=order.subject)
        WorkerFactory.create()
        orders.append(order)
    retried = FailedJobFactory.create_batch(MANY, subject=orders[0].subject, error="something else")
    for number in range(MANY):
        JobAttemptFactory.create(failed_job=failed, number=number)
        JobAttemptFactory.create(failed_job=retried[0], number=number)
        colleague = User.objects.create_user(f"colleague-{number}")
        LogEntry.objects.log_actions(colleague.pk, [orders[0]], CHANGE, "Looked at it")
    batch = repair.retry(FailedJob.objects.filter(pk__in=[each.pk for each in retried]), by=gwen)
    return {
        "order": orders[0].pk,
        "failed": failed.pk,
        "alike": failed.fingerprint,
        "batch": batch.pk,
        "message": OutboxMessage.objects.earliest("pk").pk,
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_at_most_fifteen_questions(staff: Client, keys: dict[str, Any], page: str) -> None:
    assert Batch.objects.count() == 1
    with CaptureQueriesContext(connection) as queries:
        answer = staff.get(PAGES[page].format(**keys))
    assert answer.status_code == 200
    assert len(queries) <= MOST, "\n".join(query["sql"] for query in queries)
