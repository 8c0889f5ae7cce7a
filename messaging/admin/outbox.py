from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from messaging import preview, staff
from messaging.admin.rows import MessageAdmin, short, title_of
from messaging.models import OutboxMessage
from messaging.status import outbox

#: Characters of RabbitMQ's reason in the list.
REASON_IN_LIST = 200


class WaitFilter(admin.SimpleListFilter):
    """The three groups of messaging.status, with their numbers."""

    title, parameter_name = "state", "wait"

    @cached_property
    def _now(self) -> Any:
        return timezone.now()

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        now = outbox(self._now)
        return [
            ("waiting", f"waiting for RabbitMQ ({now.waiting:,})"),
            ("parked", f"parked: RabbitMQ refuses it ({now.parked:,})"),
            ("scheduled", f"scheduled ({now.scheduled:,})"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
        chosen = {
            "waiting": Q(parked_at=None, available_at__lte=self._now),
            "parked": Q(parked_at__isnull=False),
            "scheduled": Q(parked_at=None, available_at__gt=self._now),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


@admin.register(OutboxMessage)
class OutboxMessageAdmin(MessageAdmin):
    """What RabbitMQ has not confirmed yet: why it still waits, and until when."""

    list_display = ["what", "about", "due", "parked", "attempt", "receiver"]
    list_filter = [WaitFilter]
    search_fields = ["message_id", "subject", "type"]
    search_help_text = "Message id, subject (orders.order/42) or type of event"
    ordering = ["available_at", "pk"]
    actions = ["hurry_selected"]
    readonly_fields = ["what", "message_id", "about", "receiver", "attempt", "due", "parked", "parked_at", "content"]
    fields = [*readonly_fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        return super().get_queryset(request).defer("body")

    def get_urls(self) -> list[URLPattern]:
        hurry = self.admin_site.admin_view(require_POST(self.hurry))
        return [path("<int:pk>/hurry/", hurry, name="messaging_outboxmessage_hurry"), *super().get_urls()]

    def has_hurry_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("messaging.hurry_outboxmessage")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Outbox", **(extra_context or {})})

    def hurry(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_hurry_permission(request):
            raise PermissionDenied
        message = get_object_or_404(OutboxMessage.objects.defer("body"), pk=pk)
        self._hurry(request, OutboxMessage.objects.filter(pk=message.pk))
        return redirect("admin:messaging_outboxmessage_changelist")

    @admin.action(description="Try selected messages again now", permissions=["hurry"])
    def hurry_selected(self, request: HttpRequest, chosen: QuerySet[OutboxMessage]) -> HttpResponseRedirect:
        self._hurry(request, chosen)
        return redirect(request.get_full_path())

    def _hurry(self, request: HttpRequest, chosen: QuerySet[OutboxMessage]) -> None:
        count = staff.hurry(chosen, by=cast("User", request.user))
        if count:
            plural = "" if count == 1 else "s"
            messages.success(request, f"{count:,} message{plural} made due now: the relay takes what is due.")
        else:
            messages.info(request, "Nothing to hurry: due already, or with RabbitMQ by now.")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        later = context["original"].available_at > timezone.now()
        context |= {"subtitle": None, "can_hurry": later and self.has_hurry_permission(request)}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="message", ordering="type")
    def what(self, message: OutboxMessage) -> str:
        return preview.in_a_line(message.type, longest=REASON_IN_LIST) or "Message without a type"

    @admin.display(description="for", ordering="queue")
    def receiver(self, message: OutboxMessage) -> str:
        return title_of(message.queue) if message.queue else "all that subscribe"

    @admin.display(description="due", ordering="available_at")
    def due(self, message: OutboxMessage) -> str:
        return short(message.available_at)

    @admin.display(description="parked, because", ordering="parked_at")
    def parked(self, message: OutboxMessage) -> str | None:
        if message.parked_at is None:
            return None
        reason = preview.in_a_line(message.parked_reason, longest=REASON_IN_LIST)
        return format_html("{} (since {})", reason, short(message.parked_at))

    @admin.display(description="body")
    def content(self, message: OutboxMessage) -> str:
        shown = preview.of_body(bytes(message.body))
        if getattr(message, "addresses_hidden", True):
            shown = shown.without_addresses()
        return format_html("<pre>{}</pre>{}", shown.text, shown.note)
