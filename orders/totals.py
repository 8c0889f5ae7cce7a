"""What an order costs beside its goods: postage, and the VAT that is in every price."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings

CENT = Decimal("0.01")


def shipping_for(goods: Decimal) -> Decimal:
    """One price for every parcel, and none from a certain value of goods on."""
    flat: Decimal = settings.SHIPPING_FLAT
    return flat if 0 < goods < settings.SHIPPING_FREE_ABOVE else Decimal("0.00")


def missing_for_free_shipping(goods: Decimal) -> Decimal:
    """What would have to be added to the cart; 0 where postage is free already."""
    missing: Decimal = settings.SHIPPING_FREE_ABOVE - goods
    return missing if shipping_for(goods) else Decimal("0.00")


def vat_in(amount: Decimal, percent: Decimal) -> Decimal:
    """The VAT that an amount includes, to the cent."""
    return (amount * percent / (100 + percent)).quantize(CENT, ROUND_HALF_UP)
