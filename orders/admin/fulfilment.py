"""What staff do to an order: mark it as paid, ship it, cancel it, anonymise it. It stays done, so each asks first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from orders import fulfilment, payment, privacy
from orders.models import Order

if TYPE_CHECKING:
    OrderModelAdmin = admin.ModelAdmin[Order]
else:  # Django's classes take no type arguments at run time
    OrderModelAdmin = object


#: Orders that a page lists before something is done to them; a form may have 1,000 fields.
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Deed:
    """Something that is done to one order at a time, and written in its log."""

    #: The name of the method that is the admin's action.
    action: str
    #: With a place for "2 orders".
    title: str
    #: What the person should know before pressing it.
    warning: str
    #: False if there was nothing to do: somebody was faster, or the order is not in that state.
    act: Callable[[Order, HttpRequest], bool]
    log: str
    #: Said of orders for which there was nothing to do.
    refusal: str


def paid(order: Order, request: HttpRequest) -> bool:
    reference = request.POST.get("reference", "").strip() or f"noted by {request.user.get_username()}"
    return payment.mark_paid(order=order, reference=reference[:255])


def shipped(order: Order, request: HttpRequest) -> bool:
    return fulfilment.ship(order=order)


def cancelled(order: Order, request: HttpRequest) -> bool:
    return fulfilment.cancel(order=order)


def anonymised(order: Order, request: HttpRequest) -> bool:
    try:
        privacy.anonymise(order=order)
    except privacy.StillOpen:
        return False
    return True


MARK_PAID = Deed(
    "mark_paid",
    "Mark {} as paid",
    "The customer sees it on the status page.",
    paid,
    "Marked as paid.",
    "had been marked as paid before",
)
MARK_SHIPPED = Deed(
    "mark_shipped",
    "Mark {} as shipped",
    "The customer gets an e-mail.",
    shipped,
    "Marked as shipped.",
    "had been shipped or cancelled before",
)
CANCEL = Deed(
    "cancel",
    "Cancel {}",
    "The pieces go back into the stock, and the customer gets an e-mail.",
    cancelled,
    "Cancelled.",
    "had been shipped or cancelled before",
)
ANONYMISE = Deed(
    "anonymise",
    "Anonymise {}",
    "Name, addresses and note are removed from the order, its e-mails, its log and its failed jobs. Lines and amounts "
    "stay. The customer's link to the status page leads nowhere afterwards.",
    anonymised,
    "Anonymised.",
    "is still open: ship or cancel it first",
)


class Fulfilment(OrderModelAdmin):
    """For the admin of orders: these actions, each on a page of its own before it is done."""

    fulfilment_actions = ["mark_paid", "mark_shipped", "cancel", "anonymise"]

    @admin.action(description="Mark as paid", permissions=["fulfil"])
    def mark_paid(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        return self.confirm_and_do(MARK_PAID, request, orders)

    @admin.action(description="Mark as shipped", permissions=["fulfil"])
    def mark_shipped(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        return self.confirm_and_do(MARK_SHIPPED, request, orders)

    @admin.action(description="Cancel", permissions=["fulfil"])
    def cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        return self.confirm_and_do(CANCEL, request, orders)

    @admin.action(description="Anonymise", permissions=["anonymise"])
    def anonymise(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        return self.confirm_and_do(ANONYMISE, request, orders)

    def has_fulfil_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.fulfil_order")

    def has_anonymise_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.anonymise_order")

    def confirm_and_do(self, deed: Deed, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        """The page that asks, or None after doing it, as actions answer."""
        if orders.count() > MOST_AT_ONCE:
            messages.error(request, f"Please take at most {MOST_AT_ONCE} orders at a time. Nothing was done.")
            return None
        if request.POST.get("confirmed") != deed.action:
            return self.ask(deed, request, orders)
        done = [order for order in orders.order_by("pk") if self.do(deed, request, order)]
        if done:
            messages.success(request, f"{deed.log} {counted(len(done))}: {numbers(done)}")
        if skipped := [order for order in orders.order_by("pk") if order not in done]:
            messages.warning(request, f"Left as it was, because it {deed.refusal}: {numbers(skipped)}")
        return None

    @transaction.atomic
    def do(self, deed: Deed, request: HttpRequest, order: Order) -> bool:
        if not deed.act(order, request):
            return False
        self.log_change(request, order, deed.log)
        return True

    def ask(self, deed: Deed, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse:
        button = deed.title.format(counted(orders.count()))
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{button}?",
            "button": button,
            "deed": deed,
            "orders": orders.order_by("pk"),
            "asks_for_reference": deed is MARK_PAID,
        }
        return TemplateResponse(request, "admin/orders/order/deed.html", context)


def counted(number: int) -> str:
    return f"{number} order{'s' if number != 1 else ''}"


def numbers(orders: list[Order]) -> str:
    return ", ".join(str(order.number) for order in orders)
