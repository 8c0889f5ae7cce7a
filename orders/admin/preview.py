"""What the customer gets, as the mail server would get it now, in frames that can do nothing.

An e-mail brings its own inline styles, which the shop's pages may not have. So each part is a page of its own with a
policy of its own, and the order's page shows it in a frame without rights.
"""

from __future__ import annotations

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from messaging.admin.rows import may_see_addresses
from messaging.preview import without_addresses
from orders.emails import COMPOSE
from orders.models import Order, OrderEmail

#: Styles, and pictures of the shop; no scripts, no forms, no plug-ins, and an origin of its own.
SEALED = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF],
    "form-action": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": [],
}

#: Of each part.
CONTENT_TYPES = {"html": "text/html", "text": "text/plain"}


class Previewing(admin.ModelAdmin[Order]):
    """For OrderAdmin."""

    def preview_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_GET(self.preview))
        return [path("<int:pk>/preview/<str:kind>/<str:part>/", view, name="orders_order_preview")]

    @method_decorator([csp(SEALED), xframe_options_sameorigin])
    def preview(self, request: HttpRequest, pk: int, kind: str, part: str) -> HttpResponse:
        order = get_object_or_404(Order.objects.with_lines(), pk=pk)
        if not self.has_view_permission(request, order):
            raise PermissionDenied
        if kind not in OrderEmail.Kind.values or part not in CONTENT_TYPES:
            raise Http404("An e-mail is a confirmation, shipped or cancelled, and has two parts, text and html.")
        message = COMPOSE[OrderEmail.Kind(kind)](order)
        content = str(message.body if part == "text" else message.alternatives[0][0])
        shown = content if may_see_addresses(request) else without_addresses(content)
        return HttpResponse(shown, content_type=f"{CONTENT_TYPES[part]}; charset=utf-8")
