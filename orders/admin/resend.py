"""Resend: the confirmation once more, to the address that the order has now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import uuid4

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from messaging.outbox import publish
from orders.events import ConfirmationRequested
from orders.models import Order

#: A second press within this time is a double click, or a colleague with the same idea: nobody wants a second e-mail.
SAME_IDEA = timedelta(minutes=1)
#: Orders in one go. A web request takes a second for so many; who wants more has a failure that is repaired by Retry.
MOST = 1000


@dataclass(frozen=True)
class Asked:
    queued: int
    #: Somebody had just asked for the same.
    left_out: int


@transaction.atomic
def ask_again(pks: Sequence[int], *, by: User) -> Asked:
    """Have the confirmations of these orders sent again, each once, however often and by whomever it is asked."""
    orders = list(Order.objects.filter(pk__in=pks).order_by("pk").select_for_update())
    said = {order.pk: f"Asked for the confirmation to be sent again to {order.email}." for order in orders}
    recent = set(
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Order),
            object_id__in=[str(order.pk) for order in orders],
            action_time__gt=timezone.now() - SAME_IDEA,
        ).values_list("object_id", "change_message")
    )
    queued = 0
    for order in orders:
        if (str(order.pk), said[order.pk]) not in recent:
            publish(ConfirmationRequested(order_id=order.pk, request_id=uuid4()), subject=order)
            LogEntry.objects.log_actions(by.pk, [order], CHANGE, said[order.pk])
            queued += 1
    return Asked(queued, len(orders) - queued)


class Resending(admin.ModelAdmin[Order]):
    """For OrderAdmin."""

    def resend_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.resend))
        return [path("<int:pk>/resend/", view, name="orders_order_resend")]

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("orders.resend_confirmation")

    def resend(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_resend_permission(request):
            raise PermissionDenied
        order = get_object_or_404(Order, pk=pk)
        self.ask_again(request, [order.pk])
        return redirect("admin:orders_order_change", order.pk)

    @admin.action(description="Send the confirmation again", permissions=["resend"])
    def resend_confirmation(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        pks = list(orders.values_list("pk", flat=True)[: MOST + 1])
        if len(pks) > MOST:
            messages.error(request, f"At most {MOST:,} confirmations can be sent again in one go: choose fewer orders.")
            return
        self.ask_again(request, pks)

    def ask_again(self, request: HttpRequest, pks: Sequence[int]) -> None:
        """Do it, and say what came of it."""
        asked = ask_again(pks, by=cast("User", request.user))
        if asked.queued:
            messages.success(request, f"{asked.queued:,} confirmation{'s' if asked.queued != 1 else ''} queued.")
        if asked.left_out:
            messages.warning(request, f"{asked.left_out:,} left out: somebody asked for it less than a minute ago.")
