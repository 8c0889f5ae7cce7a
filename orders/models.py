from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from messaging.models import FailedJob
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


class Order(models.Model):
    """What was ordered, by whom and for how much: a record of the moment, whatever the catalogue says later."""

    token = models.CharField(max_length=43, unique=True, default=new_token, editable=False)
    checkout_key = models.UUIDField(unique=True, editable=False)
    name = models.CharField(max_length=100)
    email = models.EmailField("e-mail")
    address = models.TextField(max_length=1000)
    note = models.TextField(max_length=1000, blank=True)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    created_at = models.DateTimeField("placed", default=timezone.now, editable=False)
    #: When a mail server last accepted its confirmation. Also in its OrderEmail; it is here so that the few orders that
    #: wait for theirs are found among a million.
    confirmed_at = models.DateTimeField(null=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(total__gte=0), name="order_total_not_negative")]
        indexes = [
            models.Index(fields=["created_at"], name="order_placed"),
            models.Index(fields=["created_at"], condition=Q(confirmed_at=None), name="order_unconfirmed"),
        ]
        permissions = [("resend_confirmation", "Can send confirmations again")]

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
        return f"{self._meta.label_lower}/{self.pk}"

    @property
    def status_url(self) -> str:
        """The status page as it is written in e-mails."""
        return f"{settings.SITE_URL}{self.get_absolute_url()}"

    @property
    def confirmation_sent(self) -> OrderEmail | None:
        """The newest confirmation that a mail server has accepted."""
        return self.emails.filter(kind=OrderEmail.Kind.CONFIRMATION).order_by("-sent_at").first()

    @property
    def needs_attention(self) -> bool:
        """Whether an e-mail about it has failed for good, until staff have looked at it."""
        return FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION, subject=self.subject).exists()


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

    order = models.ForeignKey(Order, models.CASCADE, related_name="emails")
    kind = models.CharField(max_length=20, choices=Kind)
    to = models.EmailField()
    message_id = models.CharField("Message-ID", max_length=255, unique=True)
    sent_at = models.DateTimeField("sent")

    class Meta:
        ordering = ["-sent_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.to}"

    @property
    def masked_to(self) -> str:
        """ "a***@example.org": enough for its owner to recognise, too little for anybody else."""
        local, _, domain = self.to.rpartition("@")
        return f"{local[:1]}***@{domain}"

    @property
    def sent_today(self) -> bool:
        return is_today(self.sent_at)


def is_today(moment: datetime) -> bool:
    return timezone.localdate(moment) == timezone.localdate()
