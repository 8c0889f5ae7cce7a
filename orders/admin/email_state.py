"""Does the customer have the e-mail? As a column of the list, and as a filter that counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, TextChoices, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.timesince import timesince

from messaging import preview
from messaging.admin.rows import may_see_addresses, short
from messaging.labels import prefix_of
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
            subject = Concat(Value(prefix_of(Order)), Cast(OuterRef("pk"), CharField()))
            return Q(Exists(needing_attention().filter(subject=subject)))


def needing_attention() -> QuerySet[FailedJob]:
    return FailedJob.objects.filter(state=FailedJob.State.NEEDS_ATTENTION)


class EmailCounts:
    """How many of some orders are in each state."""

    def __init__(self, orders: QuerySet[Order], *, every_order: bool, now: datetime) -> None:
        self._orders = orders.order_by()
        self._every_order = every_order
        self._now = now

    @cached_property
    def all(self) -> int:
        return self._orders.count()

    @cached_property
    def by_state(self) -> dict[str, int]:
        late = in_state(EmailState.LATE, now=self._now)
        # The index of those without a confirmation answers this, however many have theirs.
        waiting = self._orders.filter(confirmed_at=None).aggregate(all=Count("pk"), late=Count("pk", filter=late))
        return {
            EmailState.SENT: self.all - waiting["all"],
            EmailState.ON_ITS_WAY: waiting["all"] - waiting["late"],
            EmailState.LATE: waiting["late"],
            EmailState.NEEDS_ATTENTION: self._needing_attention(),
        }

    def _needing_attention(self) -> int:
        if self._every_order:  # then nobody needs to look at a million of them
            about_orders = needing_attention().filter(subject__startswith=prefix_of(Order))
            return about_orders.order_by().values("subject").distinct().count()
        return self._orders.filter(in_state(EmailState.NEEDS_ATTENTION, now=self._now)).count()


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
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        now = timezone.now()
        shown: Any = super().get_queryset(request, exclude_parameters)
        others = any(spec.used_parameters for spec in self.filter_specs if not isinstance(spec, EmailStateFilter))
        self.counts = EmailCounts(shown, every_order=not self.query and not others, now=now)
        chosen = next((spec.value() for spec in self.filter_specs if isinstance(spec, EmailStateFilter)), None)
        if chosen is None:
            shown.known_count = self.counts.all
        elif chosen in EmailState:
            shown = shown.filter(in_state(EmailState(chosen), now=now))
            shown.known_count = self.counts.by_state[chosen]
        else:
            shown = shown.none()
        return shown

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attach(self.result_list, request)


def attach(orders: Iterable[Any], request: HttpRequest) -> None:
    """Give each order what its columns tell: whether it needs attention, and addresses as this user may see them."""
    orders = list(orders)
    subjects = [order.subject for order in orders]
    attention = set(needing_attention().filter(subject__in=subjects).values_list("subject", flat=True))
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
