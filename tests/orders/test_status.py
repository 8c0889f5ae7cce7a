from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from messaging.models import FailedJob, OutboxMessage
from orders import emails, resend
from orders.fulfilment import cancel, ship
from orders.models import ConfirmationRequest, Order, OrderEmail
from orders.payment import mark_paid
from tests.factories import FailedJobFactory, OrderFactory
from tests.orders.conftest import Shopper


def test_the_status_page_says_where_the_confirmation_went_and_stops_looking(alice: Shopper) -> None:
    order = OrderFactory.create()
    assert 'http-equiv="refresh"' in alice.reads(order.get_absolute_url())
    sent_at = timezone.now().replace(hour=12, minute=3)
    with time_machine.travel(sent_at, tick=False):
        sent(order)
        page = alice.reads(order.get_absolute_url())
    assert "It was sent to <strong>a***@example.org</strong> at 12:03." in page
    assert order.email not in page
    assert 'http-equiv="refresh"' not in page
    assert 'data-look-again="0"' in page
    with time_machine.travel(sent_at + timedelta(days=2)):
        assert f"on {sent_at:%-d %B %Y}, 12:03." in alice.reads(order.get_absolute_url())


def test_without_javascript_the_page_reloads_and_with_it_nothing_does(alice: Shopper) -> None:
    page = alice.reads(OrderFactory.create().get_absolute_url())
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert re.search(r'<script src="/static/orders/status[^"]*\.js" defer></script>', page)
    assert 'data-look-again="3"' in page


def test_the_status_page_is_told_to_nobody(alice: Shopper) -> None:
    order = OrderFactory.create()
    for page in ("", "email/"):
        response = alice.client.get(order.get_absolute_url() + page)
        # "no-referrer" would make browsers hide the origin of the page's own forms, which would then be refused.
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["X-Robots-Tag"] == "noindex"
        assert "no-store" in response.headers["Cache-Control"]
        assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert alice.client.get("/orders/guessed/").status_code == 404


def test_after_ten_minutes_the_status_page_says_that_it_takes_longer(alice: Shopper) -> None:
    order = OrderFactory.create(created_at=timezone.now() - timedelta(minutes=11))
    page = alice.reads(order.get_absolute_url())
    assert "It takes longer than usual." in page
    assert 'http-equiv="refresh"' not in page


def test_the_status_page_does_not_promise_an_e_mail_that_was_refused(alice: Shopper) -> None:
    order = OrderFactory.create()
    FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    page = alice.reads(order.get_absolute_url())
    assert "We could not deliver it to <strong>a***@example.org</strong>." in page
    assert 'http-equiv="refresh"' not in page


def test_a_shipping_notice_that_was_refused_is_not_taken_for_the_confirmation(alice: Shopper) -> None:
    order = OrderFactory.create()
    FailedJobFactory.create(subject=f"orders.order/{order.pk}", queue="orders.send_shipped")
    assert "It is on its way" in alice.reads(order.get_absolute_url())


def test_alice_asks_for_the_confirmation_again_and_the_page_waits_for_that_one(alice: Shopper) -> None:
    order = OrderFactory.create()
    sent(order)
    assert alice.client.post(f"{order.get_absolute_url()}again/").headers["Location"] == order.get_absolute_url()
    page = alice.reads(order.get_absolute_url())
    assert "We send it once more." in page
    assert "It is on its way" in page
    message = OutboxMessage.objects.get()
    assert (message.type, message.subject) == ("orders.confirmation_requested", f"orders.order/{order.pk}")
    request = ConfirmationRequest.objects.get()
    assert (request.message_id, request.order) == (message.message_id, order)
    sent(order, request)
    assert "It was sent" in alice.reads(order.get_absolute_url())


def test_the_confirmation_that_was_asked_for_is_the_one_whose_failure_is_told(alice: Shopper) -> None:
    order = OrderFactory.create()
    FailedJobFactory.create(subject=f"orders.order/{order.pk}")
    request = resend.send_again(order=order)
    assert "It is on its way" in alice.reads(order.get_absolute_url())
    FailedJobFactory.create(subject=f"orders.order/{order.pk}", message_id=request.message_id)
    assert "We could not deliver it" in alice.reads(order.get_absolute_url())


def test_alice_may_ask_three_times_an_hour(alice: Shopper) -> None:
    order, other = OrderFactory.create_batch(2)
    began = timezone.now()
    with time_machine.travel(began, tick=False):
        assert [ask(alice, order).status_code for _ in range(4)] == [302, 302, 302, 429]
        refused = ask(alice, order)
        assert "We have sent it several times within the last hour." in refused.content.decode()
        assert refused.headers["Referrer-Policy"] == "same-origin"
        assert ask(alice, other).status_code == 302
    with time_machine.travel(began + timedelta(minutes=61), tick=False):
        assert ask(alice, order).status_code == 302
    assert OutboxMessage.objects.filter(subject=f"orders.order/{order.pk}").count() == 4


def test_alice_corrects_her_address_and_the_confirmation_goes_there(alice: Shopper) -> None:
    order = OrderFactory.create(email="alcie@example.org")
    answer = correct(alice, order, "alice@example.org")
    assert answer.headers["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.email == "alice@example.org"
    assert OutboxMessage.objects.get().type == "orders.confirmation_requested"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Tell us your e-mail address"),
        ("alice", "This is not a complete e-mail address."),
        ("alice@example.org\nBcc: bob@example.org", "Write this on one line"),
    ],
)
def test_an_address_that_is_none_changes_nothing(alice: Shopper, typed: str, sentence: str) -> None:
    order = OrderFactory.create()
    answer = correct(alice, order, typed)
    assert answer.status_code == 422
    assert answer.content.decode().count(sentence) == 2  # beside the field, and in the summary
    assert not OutboxMessage.objects.exists()
    assert Order.objects.get().email == "alice@example.org"


def test_a_correction_counts_as_asking_and_the_fourth_changes_nothing(alice: Shopper) -> None:
    order = OrderFactory.create()
    for number in range(4):
        answer = correct(alice, order, f"alice{number}@example.org")
    assert answer.status_code == 422
    assert "We have sent it several times within the last hour." in answer.content.decode()
    assert Order.objects.get().email == "alice2@example.org"


def test_an_address_cannot_be_changed_once_the_parcel_is_on_its_way(alice: Shopper) -> None:
    for end in (ship, cancel):
        order = OrderFactory.create()
        end(order=order)
        assert "Correct the address" not in alice.reads(order.get_absolute_url())
        assert correct(alice, order, "mallory@example.org").headers["Location"] == order.get_absolute_url()
        with pytest.raises(resend.TooLate):
            resend.correct_email(order=order, email="mallory@example.org")
        order.refresh_from_db()
        assert order.email == "alice@example.org"


def test_nobody_gets_a_cancelled_order_confirmed(alice: Shopper) -> None:
    order = OrderFactory.create()
    cancel(order=order)
    assert "Send it again" not in alice.reads(order.get_absolute_url())
    ask(alice, order)
    assert not OutboxMessage.objects.filter(type="orders.confirmation_requested").exists()


def test_the_page_says_where_to_pay_until_it_is_paid(alice: Shopper, settings: Settings) -> None:
    settings.BANK_IBAN, settings.BANK_HOLDER, settings.PAYMENT_DAYS = "DE02120300000000202051", "Leaf", 10
    order = OrderFactory.create(total=Decimal("40.30"))
    page = alice.reads(order.get_absolute_url())
    for said in (
        "Please transfer €40.30 within 10 days",
        "DE02 1203 0000 0000 2020 51",
        "Leaf",
        f"Order {order.number}",
    ):
        assert said in page
    settings.BANK_IBAN = ""
    assert "The invoice with our bank details is in the parcel." in alice.reads(order.get_absolute_url())
    mark_paid(order=order, reference="statement 7")
    page = alice.reads(order.get_absolute_url())
    assert "<strong>Paid</strong>" in page
    assert "How to pay" not in page


def test_the_page_says_how_the_order_has_ended(alice: Shopper) -> None:
    shipped, cancelled = OrderFactory.create_batch(2)
    ship(order=shipped)
    cancel(order=cancelled)
    assert f"Order {shipped.number} is on its way" in alice.reads(shipped.get_absolute_url())
    page = alice.reads(cancelled.get_absolute_url())
    assert f"Order {cancelled.number} is cancelled" in page
    assert "There is nothing to pay" in page
    assert "How to pay" not in page


def test_the_page_takes_at_most_12_queries(
    alice: Shopper, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    order = OrderFactory.create()
    sent(order)
    resend.send_again(order=order)
    FailedJobFactory.create_batch(3, subject=f"orders.order/{order.pk}")
    with django_assert_max_num_queries(12):
        alice.reads(order.get_absolute_url())


def test_what_alice_sees_is_what_her_mail_server_took(alice: Shopper) -> None:
    order = OrderFactory.create()
    request = resend.send_again(order=order)
    emails.send_confirmation(order, request_id=request.request_id)
    OrderEmail.objects.create(
        order=order,
        kind=OrderEmail.Kind.CONFIRMATION,
        to=order.email,
        message_id=mail.outbox[0].message()["Message-ID"],
        sent_at=timezone.now(),
    )
    assert 'data-confirmation="sent"' in alice.reads(order.get_absolute_url())
    assert FailedJob.objects.count() == 0


def ask(shopper: Shopper, order: Order) -> Any:
    return shopper.client.post(f"{order.get_absolute_url()}again/")


def correct(shopper: Shopper, order: Order, email: str) -> Any:
    return shopper.client.post(f"{order.get_absolute_url()}email/", {"email": email})


def sent(order: Order, request: ConfirmationRequest | None = None) -> None:
    occasion = str(request.request_id) if request else f"{uuid4()}"
    order.emails.create(
        kind=OrderEmail.Kind.CONFIRMATION,
        to=order.email,
        message_id=emails.message_id_of(order, OrderEmail.Kind.CONFIRMATION, occasion=occasion),
        sent_at=timezone.now(),
    )
