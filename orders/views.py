from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from django.views.i18n import set_language

from orders import cart, checkout_key
from orders.checkout import OutOfStock, place_order
from orders.forms import CheckoutForm, QuantityForm
from orders.models import Order
from shop.catalog.models import Product
from shop.limits.views import limited

#: A form that comes back with sentences in it.
UNPROCESSABLE = 422


View = Callable[[HttpRequest], HttpResponse]


def form_of(page: str) -> Callable[[View], View]:
    """A page that comes back from a form has the form's address. Whoever opens that once more sees the form's page."""

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def posted(request: HttpRequest) -> HttpResponse:
            return view(request) if request.method == "POST" else redirect(page)

        return posted

    return decorate


@never_cache
@require_GET
def cart_page(request: HttpRequest) -> HttpResponse:
    return render_cart(request)


@form_of("orders:cart")
def cart_add(request: HttpRequest) -> HttpResponse:
    product = posted_product(request)
    if product is None:
        return render_cart(request, sentence=NOT_SOLD, status=UNPROCESSABLE)
    form = QuantityForm(request.POST)
    if form.is_valid():
        quantity = cart.quantities_in(request.session).get(product.pk, 0) + form.cleaned_data["quantity"]
        refusal = cart.refusal(product, quantity)
        if not refusal:
            cart.set_quantity(request.session, pk=product.pk, quantity=quantity)
            messages.success(request, _("%(product)s is in your cart.") % {"product": product.local_name})
            return redirect("orders:cart")
        form.add_error("quantity", refusal)
    return render(request, "catalog/product.html", {"product": product, "form": form}, status=UNPROCESSABLE)


@form_of("orders:cart")
def cart_update(request: HttpRequest) -> HttpResponse:
    product = posted_product(request)
    if product is None or product.pk not in cart.quantities_in(request.session):
        return render_cart(request, sentence=NOT_IN_CART, status=UNPROCESSABLE)
    form = QuantityForm(request.POST)
    if form.is_valid():
        refusal = cart.refusal(product, form.cleaned_data["quantity"])
        if not refusal:
            cart.set_quantity(request.session, pk=product.pk, quantity=form.cleaned_data["quantity"])
            return redirect("orders:cart")
        form.add_error("quantity", refusal)
    return render_cart(request, wrong=form, status=UNPROCESSABLE)


@form_of("orders:cart")
def cart_remove(request: HttpRequest) -> HttpResponse:
    form = QuantityForm({"product": request.POST.get("product"), "quantity": 1})
    if form.is_valid():
        cart.set_quantity(request.session, pk=form.cleaned_data["product"], quantity=0)
    return redirect("orders:cart")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("checkout")
def checkout(request: HttpRequest) -> HttpResponse:
    # The cart is read before the order is looked for: if a first click has emptied it, its order is there to be found.
    contents = cart.read(request.session)
    if request.method != "POST":
        if not contents:
            return render_cart(request, contents)
        return render_checkout(request, CheckoutForm(), contents)

    key = checkout_key.read(request.POST.get("checkout_key", ""))
    if key and (placed := Order.objects.filter(checkout_key=key.key).first()):
        return redirect(placed)
    if not contents:
        return render_cart(request, contents, sentence=EMPTY, status=UNPROCESSABLE)

    form = CheckoutForm(request.POST)
    if contents.losses:
        form.add_error(None, _("Please look at your order again before you place it."))
    elif key is None:
        form.add_error(None, _("This form was not complete or too old. Nothing was ordered: please send it once more."))
    elif key.total != contents.total:
        form.add_error(
            None, _("Your cart or a price has changed meanwhile. Please look at the new total before you order.")
        )
    if key is None or not form.is_valid():
        return render_checkout(request, form, contents, status=UNPROCESSABLE)

    try:
        order = place_order(cart=contents, details=form.details(), key=key.key)
    except OutOfStock as error:
        for shortage in error.shortages:
            cart.set_quantity(request.session, pk=shortage.line.product.pk, quantity=shortage.left)
            form.add_error(None, shortage.sentence)
        return render_checkout(request, form, cart.read(request.session), status=UNPROCESSABLE)
    cart.clear(request.session)
    return redirect(order)


@never_cache
@form_of("orders:checkout")
def checkout_language(request: HttpRequest) -> HttpResponse:
    """Choose a language with the form half filled in: what was typed stays."""
    chosen = set_language(request)
    language = request.POST.get("language", "")
    with translation.override(language if translation.check_for_language(language) else translation.get_language()):
        form = CheckoutForm(initial=request.POST.dict())
        response = render_checkout(request, form, cart.read(request.session))
    response.cookies.update(chosen.cookies)
    return response


NOT_SOLD = gettext_lazy("That product is no longer sold.")
NOT_IN_CART = gettext_lazy("That product is not in your cart any more.")
EMPTY = gettext_lazy("Your cart is empty, so nothing was ordered.")


def posted_product(request: HttpRequest) -> Product | None:
    try:
        pk = QuantityForm.base_fields["product"].clean(request.POST.get("product"))
    except ValidationError:
        return None
    return Product.objects.for_sale().filter(pk=pk).first()


def render_cart(
    request: HttpRequest,
    contents: cart.Cart | None = None,
    *,
    sentence: object = "",
    wrong: QuantityForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """`wrong` is the form of the one line whose quantity could not be changed."""
    contents = cart.read(request.session) if contents is None else contents
    context = {"cart": contents, "sentence": sentence, "wrong": wrong}
    return render(request, "orders/cart.html", context, status=status)


def render_checkout(
    request: HttpRequest, form: CheckoutForm, contents: cart.Cart, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "cart": contents,
        "checkout_key": checkout_key.issue(contents.total),
        "payment_days": settings.PAYMENT_DAYS,
    }
    return render(request, "orders/checkout.html", context, status=status)
