from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from messaging import preview
from messaging.admin.rows import MessageAdmin
from messaging.models import OutboxMessage


@admin.register(OutboxMessage)
class OutboxMessageAdmin(MessageAdmin):
    list_display = ["message_id", "type", "about", "queue", "attempt", "available_at", "parked_reason"]
    list_filter = [("parked_reason", admin.EmptyFieldListFilter)]
    search_fields = ["message_id", "subject", "type"]
    search_help_text = "Message id, subject (orders.order/42) or type of event"
    ordering = ["available_at", "pk"]
    readonly_fields = ["message_id", "type", "about", "queue", "attempt", "available_at", "parked_reason", "content"]
    fields = [*readonly_fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        return super().get_queryset(request).defer("body")

    @admin.display(description="body")
    def content(self, message: OutboxMessage) -> str:
        shown = preview.of_body(bytes(message.body))
        return format_html("<pre>{}</pre>{}", shown.text, shown.note)
