from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core import serializers
from django.utils import timezone

from orders import resend
from orders.checkout import CheckoutDetails, place_order
from orders.fulfilment import ship
from orders.models import Order, OrderEmail
from orders.payment import mark_paid
from orders.privacy import StillOpen, anonymise
from tests.factories import FailedJobFactory, JobAttemptFactory, OrderFactory, ProductFactory, cart_of
from tests.orders.conftest import Shopper

pytestmark = pytest.mark.django_db

ZOE = CheckoutDetails(
    name="Zoe Quimby", email="zoe@quimby.example", address="7 Wisteria Lane\n4000 Roskilde", note="Ring for Quimby"
)
TRACES = ("zoe", "quimby", "wisteria", "roskilde")


def test_no_table_remembers_zoe(admin_user: User) -> None:
    # Given Zoe's order, after everything that may happen to one
    order = place_order(cart=cart_of(ProductFactory.create()), details=ZOE, key=uuid4())
    order.emails.create(kind=OrderEmail.Kind.CONFIRMATION, to=ZOE.email, message_id="<1@shop>", sent_at=timezone.now())
    resend.correct_email(order=order, email="zoe.q@quimby.example")
    refused = f"SMTPRecipientsRefused: {{'{ZOE.email}': (550, b'Zoe  Quimby moved')}}"
    failed = FailedJobFactory.create(subject=f"orders.order/{order.pk}", error=refused)
    JobAttemptFactory.create(failed_job=failed, error_text=refused, traceback=refused)
    LogEntry.objects.log_actions(admin_user.pk, [order], CHANGE, f"Asked for the confirmation again to {ZOE.email}.")
    mark_paid(order=order, reference="Transfer of Zoe Quimby")
    ship(order=order)
    assert set(traces()) == {
        "orders.order", "orders.orderemail", "messaging.failedjob", "messaging.jobattempt", "admin.logentry"
    }  # fmt: skip
    # When she asks to be forgotten, then nothing says so much as her name, and the books still balance
    anonymise(order=order)
    assert set(traces()) == set()
    after = Order.objects.get()
    assert (after.total, after.lines.count(), after.number) == (order.total, 1, order.number)
    assert after.anonymised_at is not None


def test_the_old_link_leads_nowhere(alice: Shopper) -> None:
    order = OrderFactory.create(shipped_at=timezone.now())
    old = order.get_absolute_url()
    anonymise(order=order)
    assert alice.client.get(old).status_code == 404
    page = alice.reads(Order.objects.get().get_absolute_url())
    assert "Your confirmation" not in page
    assert "Goes to" not in page


def test_an_order_that_somebody_waits_for_is_kept_as_it_is() -> None:
    order = OrderFactory.create()
    with pytest.raises(StillOpen):
        anonymise(order=order)
    assert Order.objects.get().name == "Alice Larsen"


def test_doing_it_again_removes_what_has_come_since_and_keeps_the_time() -> None:
    order = OrderFactory.create(shipped_at=timezone.now())
    anonymise(order=order)
    first = Order.objects.get().anonymised_at
    failed = FailedJobFactory.create(subject=f"orders.order/{order.pk}", error="refused: alice@example.org")
    anonymise(order=order)
    failed.refresh_from_db()
    assert failed.error == "refused: [removed]"
    assert Order.objects.get().anonymised_at == first


def test_a_name_of_two_letters_does_not_tear_words_apart() -> None:
    order = OrderFactory.create(name="Al", shipped_at=timezone.now())
    failed = FailedJobFactory.create(subject=f"orders.order/{order.pk}", error="ValueError: also")
    anonymise(order=order)
    failed.refresh_from_db()
    assert failed.error == "ValueError: also"


def traces() -> Iterator[str]:
    """The tables in which something of Zoe's stands, in whichever column."""
    for model in apps.get_models():
        text = serializers.serialize("json", model._base_manager.all()).lower()
        binary = [bytes(value).lower() for row in model._base_manager.all() for value in vars(row).values()
                  if isinstance(value, bytes | memoryview)]  # fmt: skip
        if any(each in json.dumps(json.loads(text)) or any(each.encode() in b for b in binary) for each in TRACES):
            yield model._meta.label_lower
