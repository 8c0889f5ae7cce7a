from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.outbox import publish
from orders.cart import Cart, CartLine
from orders.events import OrderPlaced
from orders.models import Order, OrderLine
from shop.catalog.models import Product


@dataclass(frozen=True, kw_only=True)
class CheckoutDetails:
    name: str
    email: str
    address: str
    note: str = ""
    #: In which the customer reads the shop.
    language: str = "en"


@dataclass(frozen=True)
class Shortage:
    line: CartLine
    #: Pieces; 0 too when the product is no longer sold.
    left: int

    @property
    def sentence(self) -> str:
        facts = {"product": self.line.product.local_name, "left": self.left, "wanted": self.line.quantity}
        if self.left:
            sentence = ngettext(
                "There is only %(left)d left of %(product)s: we changed your cart from %(wanted)d to that.",
                "There are only %(left)d left of %(product)s: we changed your cart from %(wanted)d to that.",
                self.left,
            )
            return sentence % facts
        return _("%(product)s has just sold out, so we took it out of your cart.") % facts


class OutOfStock(Exception):
    """Somebody else was faster. Nothing was ordered."""

    def __init__(self, shortages: list[Shortage]) -> None:
        self.shortages = shortages
        super().__init__(", ".join(f"{short.left} left of {short.line.product.name}" for short in shortages))


def place_order(*, cart: Cart, details: CheckoutDetails, key: UUID) -> Order:
    """Turn a cart into an order, take its stock and announce it, all or nothing.

    Raises OutOfStock, naming the lines, if somebody else was faster. Submitting the same key again returns the order
    that it made the first time.
    """
    try:
        with transaction.atomic(), translation.override(details.language):
            # The order comes first: of two requests with one key the second waits here, before it takes any stock.
            order = Order.objects.create(
                checkout_key=key,
                name=details.name,
                email=details.email,
                address=details.address,
                note=details.note,
                language=details.language,
                total=cart.total,
                shipping=cart.shipping,
                vat_percent=settings.VAT_PERCENT,
            )
            take_stock(cart)
            OrderLine.objects.bulk_create(
                OrderLine(
                    order=order,
                    product=line.product,
                    name=line.product.local_name,
                    unit_price=line.product.price,
                    quantity=line.quantity,
                )
                for line in cart.lines
            )
            publish(OrderPlaced(order_id=order.pk), subject=order)
    except IntegrityError:
        first = Order.objects.filter(checkout_key=key).first()
        if first is None:
            raise
        return first
    return order


def take_stock(cart: Cart) -> None:
    """Raises OutOfStock with every line that is short, so that the customer hears it once."""
    # Everybody takes in primary key order, so no two orders can each hold what the other one waits for.
    lines = sorted(cart.lines, key=lambda line: line.product.pk)
    short = [line for line in lines if not Product.objects.take(pk=line.product.pk, quantity=line.quantity)]
    if short:
        wanted = [line.product.pk for line in short]
        left = dict(Product.objects.for_sale().filter(pk__in=wanted).values_list("pk", "stock"))
        raise OutOfStock([Shortage(line, left.get(line.product.pk, 0)) for line in short])
