from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import Settings

from orders.totals import missing_for_free_shipping, shipping_for, vat_in


@pytest.fixture(autouse=True)
def prices(settings: Settings) -> None:
    settings.SHIPPING_FLAT, settings.SHIPPING_FREE_ABOVE = Decimal("4.90"), Decimal("50.00")


@pytest.mark.parametrize(
    ("goods", "shipping", "missing"),
    [
        ("0.00", "0.00", "0.00"),  # an empty cart costs nothing
        ("0.01", "4.90", "49.99"),
        ("49.99", "4.90", "0.01"),
        ("50.00", "0.00", "0.00"),
        ("99.00", "0.00", "0.00"),
    ],
)
def test_postage_has_one_price_and_is_free_from_fifty_on(goods: str, shipping: str, missing: str) -> None:
    assert shipping_for(Decimal(goods)) == Decimal(shipping)
    assert missing_for_free_shipping(Decimal(goods)) == Decimal(missing)


@pytest.mark.parametrize(
    ("amount", "percent", "vat"),
    [
        ("119.00", "19", "19.00"),
        ("40.30", "19", "6.43"),
        ("10.70", "7", "0.70"),
        ("0.09", "5.5", "0.00"),
        ("9", "0", "0"),
    ],
)
def test_vat_is_the_part_of_the_price_that_it_is(amount: str, percent: str, vat: str) -> None:
    assert vat_in(Decimal(amount), Decimal(percent)) == Decimal(vat)


def test_half_a_cent_of_vat_is_rounded_up() -> None:
    assert vat_in(Decimal("0.03"), Decimal(20)) == Decimal("0.01")  # 0.005
