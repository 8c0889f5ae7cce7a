"""A small shop and its customers: `ProductFactory` makes mugs, `OrderFactory` makes Alice's order of one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, RelatedFactory, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from messaging.fingerprint import fingerprint
from messaging.models import FailedJob, JobAttempt, OutboxMessage, Worker
from orders.cart import Cart, CartLine
from orders.checkout import CheckoutDetails
from orders.models import Order, OrderEmail, OrderLine
from shop.catalog.models import Product


class ProductFactory(DjangoModelFactory[Product]):
    class Meta:
        model = Product

    name = Sequence(lambda n: f"Mug {n}")
    slug = Sequence(lambda n: f"mug-{n}")
    description = "A mug. It holds tea."
    price = Decimal("12.50")
    stock = 100


class OrderLineFactory(DjangoModelFactory[OrderLine]):
    class Meta:
        model = OrderLine

    product = SubFactory(ProductFactory)
    name = SelfAttribute("product.name")
    unit_price = SelfAttribute("product.price")
    quantity = 1


class OrderFactory(DjangoModelFactory[Order]):
    class Meta:
        model = Order
        skip_postgeneration_save = True

    checkout_key = LazyFunction(uuid4)
    name = "Alice Larsen"
    email = "alice@example.org"
    address = "12 Harbour Street\n1050 Copenhagen"
    total = Decimal("12.50")
    line = RelatedFactory(OrderLineFactory, factory_related_name="order")


class OrderEmailFactory(DjangoModelFactory[OrderEmail]):
    """A confirmation that a mail server has taken. `confirmed()` makes it together with what the order says of it."""

    class Meta:
        model = OrderEmail

    kind = OrderEmail.Kind.CONFIRMATION
    to = SelfAttribute("order.email")
    message_id = Sequence(lambda n: f"<{n}@shop.example>")
    sent_at = LazyFunction(timezone.now)


class FailedJobFactory(DjangoModelFactory[FailedJob]):
    """A confirmation that ten attempts could not send, and that nobody has looked at yet."""

    class Meta:
        model = FailedJob

    message_id = LazyFunction(uuid4)
    queue = "orders.send_confirmation"
    type = "orders.order_placed"
    subject = "orders.order/42"
    state = FailedJob.State.NEEDS_ATTENTION
    kind = FailedJob.Kind.USED_UP
    error_class = "smtplib.SMTPServerDisconnected"
    error = "SMTPServerDisconnected: Connection unexpectedly closed"
    fingerprint = LazyAttribute(
        lambda failed: fingerprint(queue=failed.queue, error_class=failed.error_class, error=failed.error)
    )
    body = b'{"specversion": "1.0", "data": {"order_id": 42}}'
    attempts = 10
    last_failed_at = LazyFunction(timezone.now)


class JobAttemptFactory(DjangoModelFactory[JobAttempt]):
    class Meta:
        model = JobAttempt

    failed_job = SubFactory(FailedJobFactory)
    number = Sequence(lambda n: n + 1)
    started_at = LazyFunction(timezone.now)
    duration = timedelta(milliseconds=120)
    worker = "worker-1:4711"
    release = "2026.11"
    error_class = "smtplib.SMTPServerDisconnected"
    error_text = "Connection unexpectedly closed"
    traceback = 'Traceback (most recent call last):\n  File "orders/jobs.py", line 20, in send_confirmation\n'


class OutboxMessageFactory(DjangoModelFactory[OutboxMessage]):
    """An order's event that is due, and that the relay has not published yet."""

    class Meta:
        model = OutboxMessage

    message_id = LazyFunction(uuid4)
    type = "orders.order_placed"
    subject = "orders.order/42"
    body = b'{"specversion": "1.0", "data": {"order_id": 42}}'
    available_at = LazyFunction(timezone.now)


class WorkerFactory(DjangoModelFactory[Worker]):
    """A worker that has just reported, and that RabbitMQ answers."""

    class Meta:
        model = Worker

    host = "worker-1"
    pid = Sequence(lambda n: 4711 + n)
    release = "2026.11"
    queues = LazyFunction(lambda: ["orders.send_confirmation"])
    concurrency = 8
    started_at = LazyFunction(timezone.now)
    last_seen = LazyFunction(timezone.now)
    depths = LazyFunction(lambda: {"orders.send_confirmation": {"ready": 0, "consumers": 1}})


ALICE = CheckoutDetails(name="Alice Larsen", email="alice@example.org", address="12 Harbour Street\n1050 Copenhagen")


def cart_of(*products: Product, quantity: int = 1) -> Cart:
    return Cart(lines=tuple(CartLine(product, quantity) for product in products))


def typed_by_alice(**changes: Any) -> dict[str, Any]:
    """What Alice types into the checkout form, but for `changes`."""
    return {"name": ALICE.name, "email": ALICE.email, "address": ALICE.address, "note": "", **changes}


def confirmed(**changes: Any) -> Order:
    """An order whose customer has the e-mail."""
    now = timezone.now()
    order = OrderFactory.create(confirmed_at=now, **changes)
    OrderEmailFactory.create(order=order, sent_at=now)
    return order
