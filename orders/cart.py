"""The cart: product ids and quantities in the session, nothing else. Names and prices are read when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orders.totals import missing_for_free_shipping, shipping_for, vat_in
from shop.catalog.models import Product

SESSION_KEY = "cart"

#: Pieces of one product in one order. More is a typing error, or a customer to talk to.
MAX_QUANTITY = 99

TOO_MANY = gettext_lazy("We send at most %(limit_value)d of one product. Write to us if you need more.")


@dataclass(frozen=True)
class CartLine:
    product: Product
    quantity: int

    @property
    def amount(self) -> Decimal:
        return self.product.price * self.quantity

    @property
    def is_short(self) -> bool:
        return self.quantity > self.product.stock


@dataclass(frozen=True)
class Cart:
    #: In primary key order, the order in which their stock is taken.
    lines: tuple[CartLine, ...] = ()
    #: Sentences about what was in the cart and is no longer sold.
    losses: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lines)

    @property
    def goods(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal("0.00"))

    @property
    def shipping(self) -> Decimal:
        return shipping_for(self.goods)

    @property
    def missing_for_free_shipping(self) -> Decimal:
        return missing_for_free_shipping(self.goods)

    @property
    def total(self) -> Decimal:
        return self.goods + self.shipping

    @property
    def vat_percent(self) -> Decimal:
        percent: Decimal = settings.VAT_PERCENT
        return percent

    @property
    def vat(self) -> Decimal:
        return vat_in(self.total, self.vat_percent)


def read(session: SessionBase) -> Cart:
    """The cart at today's prices. Products that are no longer sold leave the session and are told in `losses`."""
    quantities = quantities_in(session)
    if not quantities:
        return Cart()
    known = Product.objects.prefetch_related("pictures").in_bulk(quantities)
    gone = {pk for pk in quantities if pk not in known or not known[pk].is_active}
    if gone:
        write(session, {pk: quantity for pk, quantity in quantities.items() if pk not in gone})
    return Cart(
        lines=tuple(CartLine(known[pk], quantities[pk]) for pk in sorted(quantities.keys() - gone)),
        losses=tuple(loss(known.get(pk)) for pk in sorted(gone)),
    )


def set_quantity(session: SessionBase, *, pk: int, quantity: int) -> None:
    """Zero removes the line."""
    quantities = quantities_in(session)
    if quantity:
        quantities[pk] = quantity
    else:
        quantities.pop(pk, None)
    write(session, quantities)


def refusal(product: Product, quantity: int) -> str:
    """Why the cart cannot hold that many, as a sentence; empty if it can."""
    if quantity > MAX_QUANTITY:
        return str(TOO_MANY) % {"limit_value": MAX_QUANTITY}
    if not product.stock and quantity:
        return _("This is sold out.")
    if quantity > product.stock:
        left = ngettext("There is only %(number)d left.", "There are only %(number)d left.", product.stock)
        return left % {"number": product.stock}
    return ""


def clear(session: SessionBase) -> None:
    session.pop(SESSION_KEY, None)


def quantities_in(session: SessionBase) -> dict[int, int]:
    return {int(pk): quantity for pk, quantity in session.get(SESSION_KEY, {}).items()}


def write(session: SessionBase, quantities: Mapping[int, int]) -> None:
    # Sessions are JSON, whose keys are texts.
    session[SESSION_KEY] = {str(pk): quantity for pk, quantity in quantities.items()}


def loss(product: Product | None) -> str:
    if product is None:
        return _("Something in your cart is no longer sold, so we took it out.")
    return _("%(product)s is no longer sold, so we took it out of your cart.") % {"product": product.local_name}
