from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import Settings

from orders.models import Order
from shop import settings as shop_settings
from shop.limits import client as limits_client
from shop.limits.models import Counter
from shop.limits.store import DatabaseStore
from tests.factories import OrderFactory, ProductFactory, typed_by_alice

HOUSE = "203.0.113.7"
PROXY = "10.0.0.1"


@pytest.fixture(autouse=True)
def two_checkouts(settings: Settings) -> None:
    settings.LIMITS = {"checkout": "2 per 10 minutes"}


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-25 10:00:00Z", tick=False) as traveller:
        yield traveller


def send(client: Client, **headers: str) -> int:
    return client.post("/checkout/", typed_by_alice(), headers=headers, REMOTE_ADDR=HOUSE).status_code


@pytest.mark.django_db
def test_one_client_may_check_out_only_so_often_and_others_are_not_touched(
    client: Client, now: time_machine.Traveller
) -> None:
    assert [send(client) for _ in range(3)] == [422, 422, 429]
    assert client.post("/checkout/", REMOTE_ADDR="203.0.113.8").status_code == 422
    assert client.get("/checkout/", REMOTE_ADDR=HOUSE).status_code == 200
    now.shift(timedelta(minutes=9))
    assert send(client) == 429
    now.shift(timedelta(minutes=1))
    assert send(client) == 422


@pytest.mark.django_db
@pytest.mark.parametrize(("form", "usual"), [("again", 302), ("email", 422)])
def test_one_client_may_ask_for_confirmations_only_so_often_whatever_the_order(
    client: Client, settings: Settings, now: time_machine.Traveller, form: str, usual: int
) -> None:
    settings.LIMITS = {"resend": "2 per hour"}
    addresses = [f"{order.get_absolute_url()}{form}/" for order in OrderFactory.create_batch(3)]
    assert [client.post(each, REMOTE_ADDR=HOUSE).status_code for each in addresses] == [usual, usual, 429]
    assert client.post(addresses[0], REMOTE_ADDR="203.0.113.8").status_code == usual
    assert client.get(addresses[0], REMOTE_ADDR=HOUSE).status_code in (200, 302)
    now.shift(timedelta(hours=1))
    assert client.post(addresses[0], REMOTE_ADDR=HOUSE).status_code == usual


@pytest.mark.django_db
def test_what_alice_typed_is_on_the_page_that_refuses_her_and_can_be_sent_from_there(
    client: Client, settings: Settings, now: time_machine.Traveller
) -> None:
    # Given Alice, in a house from which too much was sent
    mug = ProductFactory.create()
    client.post("/cart/add/", {"product": mug.pk, "quantity": 1})
    form = client.get("/checkout/").context["checkout_key"]
    typed = typed_by_alice(note='<b>"Ring" twice</b>') | {"checkout_key": form}
    settings.LIMITS = {"checkout": "0 per 10 minutes"}
    # When she orders
    answer = client.post("/checkout/", typed, REMOTE_ADDR=HOUSE)
    # Then nothing is lost
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
    page = answer.content.decode()
    assert "In 10 minutes it works again." in page
    assert "<b>" not in page
    again = {name: values[0] for name, values in answer.context["typed"]}
    settings.LIMITS = {"checkout": "2 per 10 minutes"}
    assert client.post("/checkout/", again).status_code == 302
    assert Order.objects.get().note == '<b>"Ring" twice</b>'


@pytest.mark.django_db
def test_checkout_goes_on_when_nothing_can_be_counted(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE limits_counter")
    assert [send(client) for _ in range(3)] == [422, 422, 422]
    assert "let it pass" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_are_all_counted() -> None:
    store, seen = DatabaseStore(), list[int]()

    def hit() -> None:
        seen.extend(store.incr("checkout", 60) for _ in range(10))
        connection.close()

    threads = [threading.Thread(target=hit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 41))


@pytest.mark.django_db
def test_counters_that_are_over_go_away_and_name_nobody(client: Client, now: time_machine.Traveller) -> None:
    send(client)
    assert HOUSE not in Counter.objects.get().key
    now.shift(timedelta(minutes=11))
    client.post("/checkout/", REMOTE_ADDR="203.0.113.8")
    assert Counter.objects.count() == 1


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "found"),
    [
        (0, HOUSE, None, HOUSE),
        # Anybody can write such a header.
        (0, HOUSE, "198.51.100.1", HOUSE),
        (1, PROXY, HOUSE, HOUSE),
        (1, PROXY, f"198.51.100.1, {HOUSE}", HOUSE),
        (2, PROXY, f"198.51.100.1, {HOUSE}, 10.0.0.2", HOUSE),
        # Somebody who reached the shop around the proxies.
        (2, HOUSE, "198.51.100.1", HOUSE),
        (1, HOUSE, None, HOUSE),
        # One household has a whole /64.
        (0, "2001:db8:1:2:aaaa::1", None, "2001:db8:1:2::"),
        (0, "::ffff:203.0.113.7", None, HOUSE),
        (0, "", None, None),
        (1, PROXY, "unknown", None),
    ],
)
def test_a_clients_address_is_what_our_own_proxies_say(
    settings: Settings, proxies: int, remote: str, forwarded: str | None, found: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    assert limits_client.address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=remote)) == found


@pytest.mark.django_db
def test_customers_without_an_address_are_not_taken_for_one(client: Client) -> None:
    assert [client.post("/checkout/", REMOTE_ADDR="").status_code for _ in range(3)] == [422, 422, 422]


@pytest.mark.django_db
def test_a_proxy_that_nobody_told_of_is_told_of(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert [send(client, **{"X-Forwarded-For": HOUSE}) for _ in range(3)] == [422, 422, 429]
    assert "TRUSTED_PROXIES is 0" in caplog.text


@pytest.mark.parametrize("text", ["", "many", "60", "60 per fortnight"])
def test_a_limit_that_says_nothing_is_an_error_at_the_start(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="60 per 10 minutes"):
        shop_settings.limit(text)


@pytest.mark.django_db
def test_wrong_passwords_lock_one_name_at_one_address_for_a_while(
    client: Client, admin_user: User, settings: Settings, now: time_machine.Traveller
) -> None:
    settings.AXES_FAILURE_LIMIT = 3

    def log_in(password: str, *, address: str = HOUSE) -> int:
        form = {"username": admin_user.username, "password": password, "next": "/admin/"}
        return client.post("/admin/login/", form, REMOTE_ADDR=address).status_code

    # Given somebody who guesses
    assert [log_in(str(uuid4())) for _ in range(3)] == [200, 200, 429]
    # Then the right password is of no use there, and of use elsewhere
    assert log_in("password") == 429
    assert log_in("password", address="203.0.113.8") == 302
    # And asking again and again does not make it longer
    now.shift(timedelta(minutes=14))
    assert log_in(str(uuid4())) == 429
    now.shift(timedelta(minutes=2))
    assert log_in("password") == 302


@pytest.mark.django_db
def test_the_page_that_locks_out_does_not_hold_the_password(client: Client, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    answer = client.post("/admin/login/", {"username": "admin", "password": "hunter2"}, REMOTE_ADDR=HOUSE)
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "hunter2" not in answer.content.decode()
