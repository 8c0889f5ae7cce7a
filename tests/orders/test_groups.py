"""Support and Operations: there from the beginning, and the administrator's from then on."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from pytest_django.asserts import assertContains

from messaging.models import FailedJob, OutboxMessage
from shop.local.paths import PROJECT
from tests.factories import FailedJobFactory, OrderFactory

ASKED = """
from django.contrib.auth.models import Group
for group in Group.objects.order_by("name"):
    print(group.name, *sorted(f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()))
"""


REPAIRS = [("retry", "failedjob"), ("discard", "failedjob"), ("pause", "queue"), ("hurry", "outboxmessage")]


def make_groups() -> None:
    migration: Any = import_module("orders.migrations.0004_groups")
    migration.make_groups(apps, connection.schema_editor())


def permissions_of(name: str) -> set[str]:
    return set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))


def member_of(name: str) -> Client:
    make_groups()
    user = User.objects.create_user("gwen", is_staff=True)
    user.groups.add(Group.objects.get(name=name))
    client = Client()
    client.force_login(user)
    return client


def test_a_new_database_has_the_groups(tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3"}

    def manage(*arguments: str) -> str:
        command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    manage("migrate", "-v0")
    operations, support = manage("shell", "-v0", "-c", ASKED).splitlines()
    assert support.split()[0] == "Support"
    assert {"orders.view_order", "orders.resend_confirmation", "messaging.see_addresses"} < set(support.split())
    assert "messaging.retry_failedjob" not in support
    more = set(operations.split()[1:]) - set(support.split()[1:])
    assert more == {
        "orders.fulfil_order",
        *(f"messaging.{each}_{what}" for each, what in REPAIRS),
    }
    # And once more changes nothing
    manage("migrate", "orders", "0003", "-v0")
    manage("migrate", "-v0")
    assert manage("shell", "-v0", "-c", ASKED).splitlines() == [operations, support]


@pytest.mark.django_db
def test_what_an_administrator_changed_stays() -> None:
    Group.objects.all().delete()
    make_groups()
    group = Group.objects.get(name="Support")
    group.permissions.remove(Permission.objects.get(codename="see_addresses"))
    group.permissions.add(Permission.objects.get(codename="view_product"))
    changed = permissions_of("Support")
    make_groups()
    assert permissions_of("Support") == changed
    assert Group.objects.count() == 2


@pytest.mark.django_db
def test_nobody_in_a_group_adds_or_deletes_anything() -> None:
    make_groups()
    for name in ("Support", "Operations"):
        assert not [each for each in permissions_of(name) if each.startswith(("add_", "delete_"))]
        assert [each for each in permissions_of(name) if each.startswith("change_")] == ["change_order"]


@pytest.mark.django_db
def test_support_corrects_and_sends_again_but_does_not_retry() -> None:
    gwen, order = member_of("Support"), OrderFactory.create()
    failed = FailedJobFactory.create(subject=order.subject)
    page = f"/admin/orders/order/{order.pk}/change/"
    assertContains(gwen.get(page), "Save and send again")
    gwen.post(page, {"email": "alice@example.net", "_resend": "1"})
    assert OutboxMessage.objects.get().type == "orders.confirmation_requested"
    assert gwen.post(f"/admin/messaging/failedjob/retry/?ids={failed.pk}").status_code == 403
    assert gwen.post(f"/admin/orders/order/{order.pk}/retry/").status_code == 403


@pytest.mark.django_db
def test_operations_retry_too() -> None:
    gwen, order = member_of("Operations"), OrderFactory.create()
    FailedJobFactory.create(subject=order.subject)
    page = f"/admin/orders/order/{order.pk}/change/"
    gwen.post(page, {"email": "alice@example.net", "_retry": "1"})
    assert FailedJob.objects.get().state == FailedJob.State.RETRIED
