"""The pages behind the link in the e-mails: whoever knows an order's token sees how it stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from orders.confirmation import confirmation_of
from orders.forms import EmailForm
from orders.models import Order
from orders.payment import bank_account
from orders.resend import TooLate, TooOften, correct_email, send_again
from shop.limits.views import limited

View = Callable[..., HttpResponse]

TOO_MANY_REQUESTS = 429


def known_by_its_address(view: View) -> View:
    """The address of these pages is their password: it is told to no other site and to no search engine."""

    @never_cache
    @wraps(view)
    def private(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        response = view(request, *args, **options)
        # Not "no-referrer": then browsers hide their origin from our own forms too, and those would be refused.
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return private


@known_by_its_address
@require_GET
def status(request: HttpRequest, token: str) -> HttpResponse:
    return render_status(request, find(token))


@known_by_its_address
@require_http_methods(["GET", "HEAD", "POST"])
@limited("resend")
def again(request: HttpRequest, token: str) -> HttpResponse:
    order = find(token)
    if request.method != "POST":
        return redirect(order)  # what came back from the form, opened once more
    try:
        send_again(order=order)
    except TooOften:
        return render_status(request, order, sentence=too_often(), status=TOO_MANY_REQUESTS)
    except TooLate:
        return redirect(order)
    messages.success(request, _("We send it once more."))
    return redirect(order)


@known_by_its_address
@require_http_methods(["GET", "HEAD", "POST"])
@limited("resend")
def email(request: HttpRequest, token: str) -> HttpResponse:
    order = find(token)
    if not order.is_open:
        return redirect(order)
    if request.method != "POST":
        return render(request, "orders/email.html", {"order": order, "form": EmailForm()})
    form = EmailForm(request.POST)
    if form.is_valid():
        try:
            correct_email(order=order, email=form.cleaned_data["email"])
        except TooOften:
            form.add_error(None, too_often())
        except TooLate:
            return redirect(order)
        else:
            messages.success(request, _("Thank you. We send the confirmation to the address that you gave just now."))
            return redirect(order)
    return render(request, "orders/email.html", {"order": order, "form": form}, status=422)


def find(token: str) -> Order:
    return get_object_or_404(Order.objects.with_lines(), token=token)


def too_often() -> str:
    return _("We have sent it several times within the last hour. Please look among unwanted mail, or try again later.")


def render_status(request: HttpRequest, order: Order, *, sentence: str = "", status: int = 200) -> HttpResponse:
    context = {
        "order": order,
        "confirmation": confirmation_of(order),
        "sentence": sentence,
        "bank": bank_account(),
        "payment_days": settings.PAYMENT_DAYS,
    }
    return render(request, "orders/status.html", context, status=status)
