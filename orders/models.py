from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from messaging.labels import label_of
from orders.totals import vat_in
from shop.catalog.models import Product

#: Customers read order numbers aloud: the first one does not sound like the first one.
FIRST_NUMBER = 10000


def new_token() -> str:
    """192 random bits: whoever knows the token may see the order."""
    return secrets.token_urlsafe(24)


class OrderQuerySet(models.QuerySet["Order"]):
    def with_lines(self) -> OrderQuerySet:
        """Two queries, however many orders and lines there are."""
        return self.prefetch_related("lines")

    def open(self) -> OrderQuerySet:
        """Neither shipped nor cancelled."""
        return self.filter(shipped_at=None, cancelled_at=None)


class Order(models.Model):
    """What was ordered, by whom and for how much: a record of the moment, whatever the catalogue says later.

    placed ──(staff)──> shipped      Paid or not is another matter: customers pay before or after the parcel comes.
       └─────(staff)──> cancelled    Either end may be followed by anonymised.
    """

    class State(models.TextChoices):
        PLACED = "placed", "placed"
        SHIPPED = "shipped", "shipped"
        CANCELLED = "cancelled", "cancelled"

    token = models.CharField(max_length=43, unique=True, default=new_token, editable=False)
    checkout_key = models.UUIDField(unique=True, editable=False)
    name = models.CharField(max_length=100)
    email = models.EmailField("e-mail")
    address = models.TextField(max_length=1000)
    note = models.TextField(max_length=1000, blank=True)
    # Defaults in the database: while a release goes out, the one before it still takes orders.
    #: The customer's: that of the e-mails and of the names of the lines.
    language = models.CharField(max_length=10, default="en", db_default="en", editable=False)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    #: The part of the total that is postage.
    shipping = models.DecimalField(
        "postage", max_digits=8, decimal_places=2, default=Decimal("0.00"), db_default=Decimal("0.00"), editable=False
    )
    #: That is in the total; 0 where nothing is said about it.
    vat_percent = models.DecimalField(
        "VAT percent", max_digits=5, decimal_places=2, default=Decimal(0), db_default=Decimal(0), editable=False
    )
    created_at = models.DateTimeField("placed", default=timezone.now, editable=False)
    #: When a mail server last accepted its confirmation. Also in its OrderEmail; it is here so that the few orders that
    #: wait for theirs are found among a million.
    confirmed_at = models.DateTimeField(null=True, editable=False)
    paid_at = models.DateTimeField("paid", null=True, blank=True, editable=False)
    #: How whoever marked it as paid calls the payment.
    paid_reference = models.CharField("payment", max_length=255, blank=True, default="", db_default="", editable=False)
    shipped_at = models.DateTimeField("shipped", null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField("cancelled", null=True, blank=True, editable=False)
    #: Since then it says nothing about a person.
    anonymised_at = models.DateTimeField("anonymised", null=True, blank=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(
                condition=Q(shipping__gte=0, shipping__lte=F("total")), name="order_shipping_part_of_total"
            ),
            models.CheckConstraint(
                condition=Q(shipped_at=None) | Q(cancelled_at=None), name="order_not_shipped_and_cancelled"
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="order_placed"),
            models.Index(fields=["created_at"], condition=Q(confirmed_at=None), name="order_unconfirmed"),
        ]
        permissions = [
            ("resend_confirmation", "Can send confirmations again"),
            ("fulfil_order", "Can mark orders as paid, ship and cancel them"),
            ("anonymise_order", "Can anonymise orders"),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("orders:status", args=[self.token])

    @property
    def number(self) -> int:
        return FIRST_NUMBER + self.pk

    @property
    def subject(self) -> str:
        """How messages name what they are about."""
        return label_of(self)

    @property
    def state(self) -> State:
        if self.cancelled_at:
            return self.State.CANCELLED
        return self.State.SHIPPED if self.shipped_at else self.State.PLACED

    @property
    def is_open(self) -> bool:
        return self.state == self.State.PLACED

    @property
    def awaits_payment(self) -> bool:
        return not self.paid_at and not self.cancelled_at

    @property
    def goods(self) -> Decimal:
        return self.total - self.shipping

    @property
    def vat(self) -> Decimal:
        return vat_in(self.total, self.vat_percent)

    @property
    def status_url(self) -> str:
        """The status page as it is written in e-mails."""
        return f"{settings.SITE_URL}{self.get_absolute_url()}"

    @property
    def masked_email(self) -> str:
        return masked(self.email)


class OrderLine(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    unit_price = models.DecimalField(max_digits=8, decimal_places=2)
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_line_quantity_above_zero"),
            models.UniqueConstraint(fields=["order", "product"], name="order_line_once_per_product"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"

    @property
    def amount(self) -> Decimal:
        return self.unit_price * self.quantity


class OrderEmail(models.Model):
    """An e-mail about an order that a mail server has accepted."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "confirmation"
        SHIPPED = "shipped", "shipping notice"
        CANCELLED = "cancelled", "cancellation"

    order = models.ForeignKey(Order, models.CASCADE, related_name="emails")
    kind = models.CharField(max_length=20, choices=Kind)
    to = models.EmailField()
    message_id = models.CharField("Message-ID", max_length=255, unique=True)
    sent_at = models.DateTimeField("sent")

    class Meta:
        ordering = ["-sent_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.to}" if self.to else self.get_kind_display()

    @property
    def masked_to(self) -> str:
        return masked(self.to)

    @property
    def sent_today(self) -> bool:
        return is_today(self.sent_at)


class ConfirmationRequest(models.Model):
    """The customer wants the confirmation once more. Written down so that it can be counted, and looked after."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="confirmation_requests")
    #: As in its event: it names the e-mail that is to go out.
    request_id = models.UUIDField(unique=True)
    #: The message that carries the event, by which its failed job would be found.
    message_id = models.UUIDField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["order", "-made_at"], name="confirmation_request_newest")]

    def __str__(self) -> str:
        return f"{self.order} at {self.made_at:%H:%M}"


def masked(address: str) -> str:
    """ "a***@example.org": enough for its owner to recognise, too little for anybody else."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def is_today(moment: datetime) -> bool:
    return timezone.localdate(moment) == timezone.localdate()
