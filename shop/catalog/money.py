"""Money is a Decimal with two decimals, in the one currency of `settings.CURRENCY`."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency
from django.conf import settings
from django.utils.translation import get_language, to_locale


def format_money(amount: Decimal) -> str:
    """As the active language writes it: "€1,234.50" in English, "1.234,50 €" in German."""
    return _written(amount, settings.CURRENCY, to_locale(get_language() or settings.LANGUAGE_CODE))


@lru_cache(maxsize=4096)
def _written(amount: Decimal, currency: str, locale: str) -> str:
    """Kept, because an e-mail has a dozen amounts, a shop has few prices, and Babel takes its time for each."""
    return format_currency(amount, currency, locale=locale)
