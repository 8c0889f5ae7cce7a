"""A bound on what anybody may send: without it, one visitor could fill the disk with a form that nobody asked for."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Respond = Callable[[HttpRequest], HttpResponse]


def limited(respond: Respond) -> Respond:
    """Middleware that answers 413 before anything of a too large body is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        is_admin = request.path_info.startswith("/admin/")
        limit = settings.LARGEST_UPLOAD if is_admin else settings.LARGEST_REQUEST
        if content_length(request) > limit:
            return render(request, "413.html", {"megabytes": limit // (1024 * 1024)}, status=413)
        return respond(request)

    return middleware


def content_length(request: HttpRequest) -> int:
    """Bytes; without the header Django reads none, whatever is sent."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
