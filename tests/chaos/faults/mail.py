"""The mail server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

from django.db import connection

from messaging.models import FailedJob
from orders.cart import Cart, CartLine
from orders.checkout import CheckoutDetails, place_order
from shop.catalog.models import Product
from shop.local.say import say
from shop.local.shoppers import PEOPLE
from tests.chaos.diary import Kind
from tests.chaos.evidence import Outage
from tests.chaos.faults.registry import fault, long_round, wait
from tests.chaos.mail import Answer
from tests.chaos.stage import Stage

ORDERS = 2_000
OUTAGE = 60.0


@fault(Kind.MAIL, seconds=9, vital=True)
def close_mail_server(stage: Stage) -> None:
    """The mail server is away."""
    stage.mail.away()
    wait(8)
    stage.mail.open()


@fault(Kind.MAIL, seconds=OUTAGE + 20, possible=long_round)
def close_mail_server_for_a_minute(stage: Stage) -> None:
    """The mail server is away for a minute, and two thousand orders come in."""
    before = attempts()
    stage.mail.away()
    with ThreadPoolExecutor(1) as pool:
        placing = pool.submit(place_orders, ORDERS)
        wait(OUTAGE)
        placing.result()
    after = attempts()
    rises = [count - before.get(key, 0) for key, count in after.items()]
    stage.evidence.outages.append(Outage(ORDERS, max(rises, default=0), len(after) - len(before)))
    stage.mail.open()
    say(f"  {ORDERS} orders are queued, and the mail server is back")


def attempts() -> dict[tuple[UUID, str], int]:
    return {
        (each.message_id, each.queue): each.attempts
        for each in FailedJob.objects.only("message_id", "queue", "attempts")
    }


def place_orders(count: int) -> None:
    products = list(Product.objects.all()[:8])
    for number in range(count):
        cart = Cart(lines=(CartLine(products[number % len(products)], 1),))
        name = f"{PEOPLE[number % len(PEOPLE)]} Example"
        details = CheckoutDetails(name=name, email=f"crowd{number}@example.org", address="1 Harbour Street")
        place_order(cart=cart, details=details, key=uuid4())
    connection.close()


@fault(Kind.MAIL, seconds=9)
def slow_mail_server(stage: Stage) -> None:
    """The mail server takes two seconds for each e-mail."""
    stage.mail.manners.slow = 2.0
    wait(8)
    stage.mail.manners.slow = 0.0


@fault(Kind.MAIL, seconds=9)
def refuse_to_talk(stage: Stage) -> None:
    """The mail server answers 421 to everybody."""
    stage.mail.manners.refuses = True
    stage.mail.drop_everybody()
    wait(8)
    stage.mail.manners.refuses = False


@fault(Kind.MAIL, seconds=9)
def refuse_for_now(stage: Stage) -> None:
    """The mail server answers 450 for half of the recipients."""
    refuse(stage, "450 4.2.1 The mailbox is busy")
    wait(8)
    stage.mail.manners.recipients = {}


@fault(Kind.MAIL, seconds=6, vital=True)
def refuse_for_good(stage: Stage) -> None:
    """The mail server answers 550 for half of the recipients; staff will correct the addresses."""
    refuse(stage, "550 5.1.1 No such user here")
    wait(5)
    stage.mail.manners.recipients = {}


def refuse(stage: Stage, answer: str) -> None:
    numbers = stage.chance.sample(range(1, len(PEOPLE) + 1), k=len(PEOPLE) // 2)
    stage.mail.manners.recipients = {f"shopper{number}@example.org": answer for number in numbers}


@fault(Kind.MAIL, seconds=11)
def hang_in_data(stage: Stage) -> None:
    """The mail server reads e-mails and does not answer."""
    stage.mail.manners.hangs = True
    wait(10)
    stage.mail.manners.hangs = False


@fault(Kind.MAIL, seconds=5)
def drop_after_answer(stage: Stage) -> None:
    """The mail server drops the connection right after its 250."""
    answer(stage, Answer.SENT_AND_DROPPED)


@fault(Kind.MAIL, seconds=5, vital=True)
def drop_instead_of_answer(stage: Stage) -> None:
    """The mail server takes e-mails and drops the connection instead of its 250."""
    answer(stage, Answer.LOST)


def answer(stage: Stage, how: Answer) -> None:
    stage.mail.manners.answer = how
    wait(4)
    stage.mail.manners.answer = Answer.SENT
