"""Money is a Decimal with two decimals, in the one currency of `settings.CURRENCY`."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency
from django.conf import settings
from django.utils.translation import get_language, to_locale


def format_money(amount: Decimal) -> str:
    """As the active language writes it: "€1,234.50" in English, "1.234,50 €" in German."""
    return format_currency(amount, settings.CURRENCY, locale=to_locale(get_language() or settings.LANGUAGE_CODE))
