"""Does the customer have the e-mail? As a column of the list, and as a filter that counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import BigIntegerField, Case, Count, Q, QuerySet, TextChoices, When
from django.db.models.functions import Cast, Substr
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.timesince import timesince

from messaging import preview
from messaging.admin.rows import may_see_addresses, short
from messaging.models import FailedJob
from orders.models import Order

#: Who has waited longer than this for the confirmation has waited too long: it usually takes a second.
PATIENCE = timedelta(minutes=5)


class EmailState(TextChoices):
    """The first three are every order; what needs attention may be any of them."""

    SENT = "sent", "sent"
    ON_ITS_WAY = "on_its_way", "on its way"
    LATE = "late", "not sent for more than 5 minutes"
    NEEDS_ATTENTION = "needs_attention", "needs attention"


def in_state(state: EmailState, *, now: datetime) -> Q:
    match state:
        case EmailState.SENT:
            return Q(confirmed_at__isnull=False)
        case EmailState.ON_ITS_WAY:
            return Q(confirmed_at=None, created_at__gt=now - PATIENCE)
        case EmailState.LATE:
            return Q(confirmed_at=None, created_at__lte=now - PATIENCE)
        case EmailState.NEEDS_ATTENTION:
            return Q(pk__in=needing_attention())


def needing_attention() -> QuerySet[FailedJob, int]:
    """The keys of the orders about which a failed job needs attention.

    They are read out of the failed jobs, which are few beside the orders. A foreign publisher may have written anything
    where the key stands: CASE, because PostgreSQL is free to cast before it filters.
    """
    prefix = f"{Order._meta.label_lower}/"
    key = Cast(Substr("subject", len(prefix) + 1), BigIntegerField())
    about_orders = FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION, subject__startswith=prefix)
    return about_orders.values_list(Case(When(subject__regex=rf"^{prefix}[0-9]{{1,18}}$", then=key)), flat=True)


class EmailCounts:
    """How many of some orders are in each state."""

    def __init__(self, orders: QuerySet[Order], *, now: datetime) -> None:
        self._orders = orders.order_by()
        self._now = now

    @cached_property
    def all(self) -> int:
        return self._orders.count()

    @cached_property
    def by_state(self) -> dict[str, int]:
        late = in_state(EmailState.LATE, now=self._now)
        # The index of those without a confirmation answers this, however many have theirs.
        waiting = self._orders.filter(confirmed_at=None).aggregate(all=Count("pk"), late=Count("pk", filter=late))
        attention = self._orders.filter(in_state(EmailState.NEEDS_ATTENTION, now=self._now)).count()
        return {
            EmailState.SENT: self.all - waiting["all"],
            EmailState.ON_ITS_WAY: waiting["all"] - waiting["late"],
            EmailState.LATE: waiting["late"],
            EmailState.NEEDS_ATTENTION: attention,
        }


class EmailStateFilter(admin.SimpleListFilter):
    title, parameter_name = "e-mail", "email"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in EmailState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset  # OrderList narrows it, once it has counted

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        assert isinstance(changelist, OrderList)  # noqa: S101 - Django calls it any
        counts = changelist.counts
        for value, label, count in [
            (None, "all", counts.all),
            *((state.value, state.label, counts.by_state[state]) for state in EmailState),
        ]:
            query = {self.parameter_name: value} if value else {}
            yield {
                "selected": value == self.value(),
                "query_string": changelist.get_query_string(query, [] if value else [self.parameter_name]),
                "display": f"{label} ({count:,})",
            }


class OrderList(ChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        now = timezone.now()
        orders = super().get_queryset(request, exclude_parameters)
        self.counts = EmailCounts(orders, now=now)
        chosen = next((spec.value() for spec in self.filter_specs if isinstance(spec, EmailStateFilter)), None)
        if chosen is None:
            return orders
        return orders.filter(in_state(EmailState(chosen), now=now)) if chosen in EmailState else orders.none()

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attach(self.result_list, request)


def attach(orders: Iterable[Any], request: HttpRequest) -> None:
    """Give each order what its columns tell: whether it needs attention, and addresses as this user may see them."""
    orders = list(orders)
    subjects = [order.subject for order in orders]
    failed = FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION, subject__in=subjects)
    attention = set(failed.values_list("subject", flat=True))
    for order in orders:
        order.attention = order.subject in attention
        order.shown_email = order.email
        if not may_see_addresses(request):
            # Customers write addresses anywhere. What the order itself holds stays: only its e-mail is ever saved.
            for field in ("shown_email", "name", "address", "note"):
                setattr(order, field, preview.without_addresses(getattr(order, field)))


def badge(order: Any) -> str:
    """A word with a colour, and since when."""
    if order.attention:
        return format_html("{}{}", _state("needs_attention", "needs attention"), _sent(order))
    if order.confirmed_at:
        return format_html("{}{}", _state("resolved", "sent"), _sent(order))
    if timezone.now() - order.created_at < PATIENCE:
        return _state("retried", "on its way")
    return _state("retrying", f"not sent for {timesince(order.created_at, depth=1)}")


def _sent(order: Order) -> str:
    return format_html(" {}", short(order.confirmed_at)) if order.confirmed_at else ""


def _state(name: str, words: str) -> str:
    return format_html('<span class="state state-{}">{}</span>', name, words)
