"""`make demo`: forty orders while a worker is killed and RabbitMQ goes away, and a ledger of what became of them."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import time

import django

from shop.local.ledger import Ledger, as_read, percentile, read_maildir
from shop.local.lock import only_one
from shop.local.paths import RUN
from shop.local.ports import LOOPBACK, free_ports
from shop.local.processes import Process, Processes
from shop.local.rabbitmq import Broker, PrivateBroker, SharedBroker, broker, forget
from shop.local.say import CannotGoOn, say
from shop.local.shoppers import Shopping
from shop.local.stack import Stack

FOLDER = RUN / "demo"
MAILDIR = FOLDER / "mail"

#: Seconds from one thing to the next.
BEFORE_THE_KILL = 5
BEFORE_THE_OUTAGE = 4
OUTAGE = 5
LAST_MAILS_WITHIN = 60


def demo() -> int:
    with only_one("demo"):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        with broker(FOLDER / "rabbitmq") as rabbitmq, Processes(FOLDER / "log") as processes:
            web, smtp = free_ports(2)
            environment = shop_environment(rabbitmq, web=web, smtp=smtp)
            prepare_database(environment)
            try:
                stack = Stack(processes, environment, web=web, smtp=smtp, maildir=MAILDIR)
                shopping = orders_and_faults(stack, rabbitmq)
            finally:
                if isinstance(rabbitmq, SharedBroker):
                    forget(rabbitmq.url, prefix=environment["MESSAGING_PREFIX"])
        ledger = read_ledger()
        show(ledger, shopping, with_outage=not isinstance(rabbitmq, SharedBroker))
        return 0 if ledger.balanced and len(ledger.orders) == shopping.expected else 1


def shop_environment(rabbitmq: Broker, *, web: int, smtp: int) -> dict[str, str]:
    return os.environ | {
        "DEBUG": "True",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": LOOPBACK,
        "DATABASE_URL": f"sqlite:///{FOLDER}/shop.sqlite3",
        "AMQP_URL": rabbitmq.url,
        "EMAIL_URL": f"smtp://{LOOPBACK}:{smtp}",
        "SITE_URL": f"http://{LOOPBACK}:{web}",
        # Eight people at one address.
        "CHECKOUT_LIMIT": "1000 per minute",
        # On a broker that others use too, no other run sees our messages.
        "MESSAGING_PREFIX": f"demo-{secrets.token_hex(4)}",
    }


def prepare_database(environment: dict[str, str]) -> None:
    os.environ |= environment
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    django.setup()
    logging.getLogger("httpx").setLevel("WARNING")  # it would tell of every page that a shopper opens
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("seed_catalogue", without_pictures=True)


def orders_and_faults(stack: Stack, rabbitmq: Broker) -> Shopping:
    stack.start_mail_server()
    worker = stack.start_worker()
    stack.start_web()
    say(f"The shop is open at http://{LOOPBACK}:{stack.web}/ with one worker and a mail server.")

    with Shopping(f"http://{LOOPBACK}:{stack.web}", orders_each=5) as shopping:
        let_them_shop(shopping, seconds=BEFORE_THE_KILL)
        wait_for_an_order(shopping)
        worker = replace_killed(worker, stack)
        let_them_shop(shopping, seconds=BEFORE_THE_OUTAGE)
        if isinstance(rabbitmq, SharedBroker):
            say("RabbitMQ may have other users, so it stays up.")
        else:
            take_away(rabbitmq, shopping)
        while not shopping.all_done():
            let_them_shop(shopping, seconds=3)

    say(f"{len(shopping.purchases)} orders are placed. Waiting for the last e-mails.")
    deadline = time.monotonic() + LAST_MAILS_WITHIN
    while len(read_maildir(MAILDIR)) < shopping.expected and time.monotonic() < deadline and worker.running:
        time.sleep(0.1)
    worker.stop()  # it drains: what it has in hand still counts
    return shopping


def wait_for_an_order(shopping: Shopping) -> None:
    """So that the worker is killed with work in its hands."""
    before = len(shopping.purchases)
    while len(shopping.purchases) == before and not shopping.all_done():
        time.sleep(0.001)


def replace_killed(worker: Process, stack: Stack) -> Process:
    if not worker.running:
        raise CannotGoOn(f"The worker ended by itself. {worker.last_words()}")
    worker.kill()
    say("The worker is killed (kill -9), and another one starts.")
    return stack.start_worker()


def take_away(rabbitmq: PrivateBroker, shopping: Shopping) -> None:
    rabbitmq.stop_app()
    say(f"RabbitMQ is away for {OUTAGE} seconds. Orders go on:")
    let_them_shop(shopping, seconds=OUTAGE)
    rabbitmq.start_app()
    say("RabbitMQ is back.")


def let_them_shop(shopping: Shopping, *, seconds: float) -> None:
    """Watch the shoppers for a while, or until they are done."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not shopping.all_done():
        time.sleep(min(1, max(0, deadline - time.monotonic())))
    say(f"  {len(shopping.purchases):2} orders, {len(read_maildir(MAILDIR)):2} e-mails")


def read_ledger() -> Ledger:
    from orders.models import Order

    return Ledger({order.number: order.created_at for order in Order.objects.all()}, read_maildir(MAILDIR))


def show(ledger: Ledger, shopping: Shopping, *, with_outage: bool) -> None:
    if ledger.mails:
        last = max(ledger.mails)
        print(f"\nOne of the e-mails, as a reader sees it:\n{'-' * 72}\n{as_read(ledger.mails[last][0])}{'-' * 72}")
    slowest = max((purchase.checkout_seconds for purchase in shopping.purchases), default=0)
    delays = "including the orders placed while RabbitMQ was away" if with_outage else ""
    p50, p95 = (percentile(ledger.seconds, share) * 1000 for share in (0.50, 0.95))
    print(
        f"""
The ledger
  orders placed          {len(ledger.orders):6}
  e-mails by order       {len(ledger.mails):6}
  lost                   {len(ledger.lost):6}   {numbers(ledger.lost)}
  doubled                {len(ledger.doubled):6}   {numbers(ledger.doubled)}
  second copies          {len(ledger.copies):6}   {numbers(ledger.copies)}
  slowest checkout       {slowest * 1000:6.0f} ms
  order to mailbox, p50  {p50:6.0f} ms
                    p95  {p95:6.0f} ms   {delays}
"""
    )
    if ledger.unasked:
        print(f"E-mails of orders that do not exist: {numbers(ledger.unasked)}.")
    if ledger.copies:
        print(
            "A second copy has the Message-ID of the first. The worker was killed after the mail server had taken the\n"
            "e-mail and before the worker could write that down: nobody could know, so it was sent again."
        )
    print("(From the order's created_at, just before its commit, to the moment the mail server has the whole e-mail.)")


def numbers(orders: list[int]) -> str:
    return ", ".join(map(str, orders))
