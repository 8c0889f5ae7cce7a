"""Money is a Decimal with two decimals, in the one currency of `settings.CURRENCY`."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


def format_money(amount: Decimal) -> str:
    """ "€1,234.50", or "1,234.50 CHF" where the currency has no symbol of its own."""
    symbol = SYMBOLS.get(settings.CURRENCY)
    return f"{symbol}{amount:,.2f}" if symbol else f"{amount:,.2f} {settings.CURRENCY}"
