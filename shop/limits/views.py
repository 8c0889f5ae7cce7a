"""Limits on what one client may do how often, and the page that says so."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from shop.limits import client
from shop.limits.store import DatabaseStore

logger = logging.getLogger(__name__)

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

TOO_MANY_REQUESTS = 429

limiter = FixedWindowRateLimiter(DatabaseStore())


def limited(name: str) -> Callable[[View[P]], View[P]]:
    """Let a client send this view's form as often as `settings.LIMITS[name]` says; then show 429.html.

    What was typed is in that page, to be sent again. Where the counter cannot be reached, nobody is refused.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def counting(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method == "POST" and (seconds := refused_for(request, name)):
                return too_often(request, seconds=seconds, typed=list(request.POST.lists()))
            return view(request, *args, **kwargs)

        return counting

    return decorate


def refused_for(request: HttpRequest, name: str) -> int:
    """Count this request. Zero, or the seconds until the client may go on."""
    who = client.address(request)
    if who is None:
        return 0
    limit = parse(settings.LIMITS[name])
    key = salted_hmac("shop.limits", who, algorithm="sha256").hexdigest()
    try:
        if limiter.hit(limit, name, key):
            return 0
        seconds = max(1, math.ceil(limiter.get_window_stats(limit, name, key).reset_time - time.time()))
    except DatabaseError as error:
        logger.warning("Could not count this request for the limit on %s, and let it pass. %s", name, error)
        return 0
    if not settings.TRUSTED_PROXIES and "X-Forwarded-For" in request.headers:
        logger.warning("A proxy stands before the shop and TRUSTED_PROXIES is 0: all customers count as one client.")
    logger.info("A client is over the limit on %s: %r.", name, limit)
    return seconds


def locked_out(request: HttpRequest, *_: object) -> HttpResponse:
    """For django-axes: too many wrong passwords."""
    return too_often(request, seconds=round(settings.AXES_COOLOFF_TIME.total_seconds()))


def too_often(request: HttpRequest, *, seconds: int, typed: object = ()) -> HttpResponse:
    context = {"minutes": math.ceil(seconds / 60), "typed": typed}
    response = render(request, "429.html", context, status=TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response
