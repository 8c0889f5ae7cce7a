from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured

from shop.settings import amount


@pytest.mark.parametrize("text", ["4.90", "0", "19", "123456.78"])
def test_prices_and_percentages_are_plain_numbers(text: str) -> None:
    assert amount(text) == Decimal(text)


@pytest.mark.parametrize("text", ["", "4,90", "-1", "NaN", "1e3", "4.999", "\u0664", "free"])
def test_what_is_none_is_said_at_the_start_and_not_at_the_first_order(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="is no amount: prices and percentages look like"):
        amount(text)
