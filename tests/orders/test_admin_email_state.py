"""Does the customer have the e-mail? What the list of orders says, and finds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertQuerySetEqual

from messaging.models import FailedJob
from orders.admin.email_state import EmailState
from orders.models import Order
from tests.factories import FailedJobFactory, OrderFactory, confirmed
from tests.messaging.staff import signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/orders/order/"


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("sam"))
    return client


def late(**changes: object) -> Order:
    return OrderFactory.create(created_at=timezone.now() - timedelta(minutes=12), **changes)


def failing(order: Order, **changes: object) -> FailedJob:
    return FailedJobFactory.create(subject=order.subject, **changes)


def test_the_list_says_of_each_order_whether_its_e_mail_is_sent(staff: Client) -> None:
    failing(late(name="Dave"))
    confirmed(name="Alice")
    OrderFactory.create(name="Bob")
    late(name="Carol")
    page = staff.get(LIST)
    for words in [
        f'>sent</span> <time datetime="{timezone.localtime():%Y-%m-%d}',
        ">on its way</span>",
        ">not sent for 12\N{NO-BREAK SPACE}minutes</span>",
        ">needs attention</span>",
    ]:
        assertContains(page, words, count=1)


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("sent", {"Alice", "Erin"}),
        ("on_its_way", {"Bob"}),
        ("late", {"Carol", "Dave"}),
        ("needs_attention", {"Dave", "Erin"}),
        ("nonsense", set()),
    ],
)
def test_a_filter_finds_those_in_one_state_and_says_how_many(staff: Client, state: str, found: set[str]) -> None:
    # Given orders in every state, Erin's among them: the first confirmation came, a second one failed
    confirmed(name="Alice")
    OrderFactory.create(name="Bob")
    late(name="Carol")
    failing(late(name="Dave"))
    twice = confirmed(name="Erin")
    failing(twice)
    failing(twice)
    failing(Order.objects.get(name="Alice"), state=FailedJob.State.RESOLVED)
    page = staff.get(LIST, {"email": state})
    shown = page.context["cl"]
    assert ({order.name for order in shown.result_list}, shown.result_count) == (found, len(found))
    if state != "nonsense":
        assertContains(page, f"{EmailState(state).label} ({len(found)})</a>")


def test_counts_follow_the_search(staff: Client) -> None:
    confirmed(name="Alice")
    late(name="Alice")
    failing(late(name="Bob", email="bob@example.org"))
    page = staff.get(LIST, {"q": "Alice"})
    for words in [
        "all (2)",
        "sent (1)",
        "not sent for more than 5 minutes (1)",
        "on its way (0)",
        "needs attention (0)",
    ]:
        assertContains(page, words)


def test_subjects_that_are_no_orders_do_no_harm(staff: Client) -> None:
    order = OrderFactory.create()
    failing(order)
    for subject in ["orders.order/x", "orders.order/", "orders.order/" + "9" * 40, "orders.order/4711", "other/1"]:
        FailedJobFactory.create(subject=subject)
    page = staff.get(LIST, {"email": "needs_attention"})
    assertQuerySetEqual(page.context["cl"].result_list, [order])


def test_forty_orders_take_as_many_queries_as_one(staff: Client) -> None:
    failing(confirmed())
    with CaptureQueriesContext(connection) as for_one:
        staff.get(LIST)
    for _ in range(39):
        failing(confirmed())
    with CaptureQueriesContext(connection) as for_forty:
        staff.get(LIST)
    assert len(for_forty) == len(for_one) <= 10


def test_bob_who_may_not_see_addresses_sees_none(staff: Client) -> None:
    OrderFactory.create(email="alice@example.org")
    bob = signed_in("bob", "view_order")
    assertContains(staff.get(LIST), "alice@example.org")
    page = bob.get(LIST)
    assertNotContains(page, "alice@example.org")
    assertContains(page, "a***@example.org")


@pytest.mark.parametrize(
    ("typed", "finds"), [("alice@example.org", True), ("ALICE@example.org", True), ("alice@e", False)]
)
def test_bob_finds_a_whole_address_but_cannot_guess_one_bit_by_bit(typed: str, finds: bool) -> None:
    OrderFactory.create(name="A. Larsen", email="alice@example.org")
    bob = signed_in("bob", "view_order")
    assert (b"A. Larsen" in bob.get(LIST, {"q": typed}).content) is finds


def test_a_list_of_a_million_is_sorted_by_what_has_an_index(staff: Client) -> None:
    confirmed()
    page = staff.get(LIST)
    assertContains(page, "column-order_number")
    assertContains(page, '<th scope="col" class="sortable', count=2)
