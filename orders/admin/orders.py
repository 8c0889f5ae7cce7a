from __future__ import annotations

from typing import Any, cast

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from messaging import repair
from messaging.admin.counted import CountedPaginator
from messaging.admin.repairs import tell
from messaging.admin.rows import may_see_addresses, short
from messaging.models import FailedJob
from messaging.preview import without_addresses
from orders.admin.email_state import EmailStateFilter, OrderList, attach, badge
from orders.admin.fulfilment import Fulfilment
from orders.admin.preview import Previewing
from orders.admin.resend import Resending
from orders.admin.timeline import history_of
from orders.models import FIRST_NUMBER, Order, OrderEmail
from shop.catalog.money import format_money

#: When an order went through what an order goes through.
MOMENTS = ["created_at", "paid_at", "paid_reference", "shipped_at", "cancelled_at", "anonymised_at"]
DETAILS = ["name", "address", "note", "money", "postage", *MOMENTS, "page"]


@admin.register(Order)
class OrderAdmin(Fulfilment, Resending, Previewing):
    #: Sorted only by what has an index: nobody waits for a million orders to be sorted by their total.
    list_display = ["order_number", "email_state", "customer", "money", "placed"]
    list_filter = [EmailStateFilter, "created_at"]
    search_help_text = "Order number, name or e-mail"
    #: Failed jobs are found by what finds the order that they are about.
    finds_messages = True
    ordering = ["-pk"]
    list_per_page = 50
    paginator = CountedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = ["resend_confirmation", *Fulfilment.fulfilment_actions]
    #: Everything but the e-mail address, which customers mistype.
    readonly_fields = ["email_state", "shown_email", *DETAILS]

    class Media:
        css = {"all": ["messaging/admin.css", "orders/admin.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OrderList

    def get_urls(self) -> list[URLPattern]:
        retry = self.admin_site.admin_view(require_POST(self.retry))
        return [
            path("<int:pk>/retry/", retry, name="orders_order_retry"),
            *self.resend_urls(),
            *self.preview_urls(),
            *super().get_urls(),
        ]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Who may not see addresses finds the one that a customer tells them, and cannot guess others bit by bit."""
        return ["name", "email" if may_see_addresses(request) else "email__iexact"]

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

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        """There is one thing to change, the e-mail address, and nobody corrects what they may not see."""
        return super().has_change_permission(request, obj) and may_see_addresses(request)

    def may_retry(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("messaging.retry_failedjob")

    def get_fields(self, request: HttpRequest, obj: Order | None = None) -> Any:
        """What has not happened yet takes no line."""
        shown = [name for name in DETAILS if name not in {"note", *MOMENTS} or getattr(obj, name, None)]
        return ["email_state", "email" if self.has_change_permission(request) else "shown_email", *shown]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Order | None:
        order = super().get_object(request, object_id, from_field)
        if order is not None:
            attach([order], request)
        return order

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Orders", **(extra_context or {})})

    @method_decorator(csp_update({"frame-src": [SELF]}))
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().change_view(request, *args, **kwargs)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        order: Order = context["original"]
        context |= {
            "title": str(order),
            "subtitle": None,
            "lines": order.lines.all(),
            "emails_to_preview": OrderEmail.Kind.choices,
            "parts": [("html", "HTML part"), ("text", "text part")],
            "history": history_of(order, may_see_addresses=may_see_addresses(request)),
            "can_correct": self.has_change_permission(request),
            "can_resend": self.has_resend_permission(request),
            "can_retry": self.may_retry(request),
            "can_see_failed_jobs": request.user.has_perm("messaging.view_failedjob"),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:
        obj.save(update_fields=["email"])  # nothing else: a worker may be confirming it at this moment

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        if "email" not in form.changed_data:
            return ""
        return f"Corrected the e-mail address from {form.initial['email']} to {form.instance.email}."

    def log_change(self, request: HttpRequest, obj: Order, message: Any) -> Any:
        return super().log_change(request, obj, message) if message else None

    def response_change(self, request: HttpRequest, obj: Order) -> HttpResponse:
        if "_retry" in request.POST:
            return self.retry(request, obj.pk)
        if "_resend" in request.POST:
            return self.resend(request, obj.pk)
        return super().response_change(request, obj)

    def retry(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Queue again what has failed about this order."""
        if not self.may_retry(request):
            raise PermissionDenied
        order = get_object_or_404(Order, pk=pk)
        failed = FailedJob.objects.filter(subject=order.subject, state=FailedJob.State.NEEDS_ATTENTION)
        tell(request, repair.retry(failed, by=cast("User", request.user), chosen=str(order)))
        return redirect("admin:orders_order_change", order.pk)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().history_view(request, object_id, extra_context)
        if not may_see_addresses(request):
            for entry in getattr(response, "context_data", {}).get("action_list", []):
                entry.change_message = without_addresses(entry.change_message)
        return response

    @admin.display(description="number", ordering="pk")
    def order_number(self, order: Order) -> int:
        return order.number

    @admin.display(description="customer")
    def customer(self, order: Any) -> SafeString:
        return format_html('{} <span class="address">{}</span>', order.name, order.shown_email)

    @admin.display(description="e-mail")
    def shown_email(self, order: Any) -> str:
        return str(order.shown_email)

    @admin.display(description="total")
    def money(self, order: Order) -> str:
        return format_money(order.total)

    @admin.display(description="postage")
    def postage(self, order: Order) -> str:
        return format_money(order.shipping) if order.shipping else "free"

    @admin.display(description="placed", ordering="created_at")
    def placed(self, order: Order) -> str:
        return short(order.created_at)

    @admin.display(description="confirmation")
    def email_state(self, order: Any) -> str:
        return badge(order)

    @admin.display(description="customer's page")
    def page(self, order: Order) -> SafeString:
        return format_html('<a href="{}">{}</a>', order.get_absolute_url(), order.status_url)
