from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from messaging.outbox import publish
from orders.admin.fulfilment import Fulfilment
from orders.events import ConfirmationRequested
from orders.models import FIRST_NUMBER, Order, OrderEmail, OrderLine
from shop.catalog.money import format_money

if TYPE_CHECKING:
    OrderModelAdmin = admin.ModelAdmin[Order]
    LineInline = admin.TabularInline[OrderLine, Order]
    EmailInline = admin.TabularInline[OrderEmail, Order]
else:  # Django's classes take no type arguments at run time
    OrderModelAdmin = admin.ModelAdmin
    LineInline = EmailInline = admin.TabularInline


#: When an order went through what an order goes through.
MOMENTS = ["created_at", "paid_at", "paid_reference", "shipped_at", "cancelled_at", "anonymised_at"]


class ReadOnly:
    """What happened stays as it happened."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OrderLines(ReadOnly, LineInline):
    model = OrderLine
    verbose_name_plural = "lines"
    fields = ["product", "name", "quantity", "unit_price", "money"]
    readonly_fields = ["money"]

    @admin.display(description="amount")
    def money(self, line: OrderLine) -> str:
        return format_money(line.amount)


class OrderEmails(ReadOnly, EmailInline):
    model = OrderEmail
    verbose_name_plural = "e-mails that a mail server has accepted"
    fields = ["kind", "to", "sent_at", "message_id"]


@admin.register(Order)
class OrderAdmin(Fulfilment, OrderModelAdmin):
    list_display = ["order_number", "name", "email", "money", "created_at", "confirmation"]
    list_filter = ["created_at"]
    search_fields = ["name", "email"]
    search_help_text = "Order number, name or e-mail"
    #: Failed jobs are found by what finds the order that they are about.
    finds_messages = True
    ordering = ["-pk"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["resend_confirmation", *Fulfilment.fulfilment_actions]
    inlines = [OrderLines, OrderEmails]
    fields = ["order_number", "name", "email", "address", "note", "money", "shipping", *MOMENTS, "confirmation", "page"]
    #: Everything but the e-mail address, which customers mistype.
    readonly_fields = ["order_number", "name", "address", "note", "money", "shipping", *MOMENTS, "confirmation", "page"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return Order.objects.with_email_state()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        digits = search_term.strip().lstrip("#")
        if digits.isascii() and digits.isdigit() and len(digits) < 19:
            found = found | queryset.filter(pk=int(digits) - FIRST_NUMBER)
        return found, may_repeat

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False

    @admin.display(description="number", ordering="pk")
    def order_number(self, order: Order) -> int:
        return order.number

    @admin.display(description="total", ordering="total")
    def money(self, order: Order) -> str:
        return format_money(order.total)

    @admin.display(description="confirmation", ordering="last_sent_at")
    def confirmation(self, order: Any) -> str:
        if order.email_failed:
            return "needs attention: see the failed jobs"
        sent = order.last_sent_at
        return f"sent {timezone.localtime(sent):%d %b %Y, %H:%M}" if sent else "on its way"

    @admin.display(description="customer's page")
    def page(self, order: Order) -> SafeString:
        return format_html('<a href="{}">{}</a>', order.get_absolute_url(), order.status_url)

    @admin.action(description="Send the confirmation again", permissions=["change"])
    def resend_confirmation(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        with transaction.atomic():
            for order in orders:
                publish(ConfirmationRequested(order_id=order.pk, request_id=uuid4()), subject=order)
                self.log_change(request, order, f"Asked for the confirmation to be sent again to {order.email}.")
        count = len(orders)
        messages.success(request, f"{count} confirmation{'s' if count != 1 else ''} queued.")
