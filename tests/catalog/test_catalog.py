from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from shop.catalog.models import Product
from shop.catalog.money import format_money
from tests.factories import ProductFactory

#: The part of the admin's form that tells how many pictures it sends.
NO_PICTURES = {"pictures-TOTAL_FORMS": "0", "pictures-INITIAL_FORMS": "0"}


@pytest.mark.django_db
def test_the_shelf_shows_what_is_for_sale(client: Client) -> None:
    mug = ProductFactory.create(price=Decimal("1234.50"))
    secret = ProductFactory.create(is_active=False)
    page = client.get("/").content.decode()
    assert mug.get_absolute_url() in page
    assert "€1,234.50" in page
    assert secret.name not in page
    assert client.get(mug.get_absolute_url()).status_code == 200
    assert client.get(secret.get_absolute_url()).status_code == 404


@pytest.mark.django_db
def test_what_is_sold_out_is_shown_and_cannot_be_put_in_the_cart(client: Client) -> None:
    page = client.get(ProductFactory.create(stock=0).get_absolute_url()).content.decode()
    assert "Sold out for now" in page
    assert "Put in the cart" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("impossible", [{"price": Decimal("0.00")}, {"price": Decimal("-1.00")}, {"stock": -1}])
def test_the_database_refuses_an_impossible_product(impossible: dict[str, Decimal | int]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ProductFactory.create(**impossible)


@pytest.mark.django_db
def test_seeding_twice_keeps_what_staff_changed() -> None:
    call_command("seed_catalogue")
    Product.objects.filter(slug="harbour-mug").update(price=Decimal("21.00"), stock=3)
    call_command("seed_catalogue")
    mug = Product.objects.get(slug="harbour-mug")
    assert Product.objects.count() == 12
    assert (mug.price, mug.stock) == (Decimal("21.00"), 3)


@pytest.mark.django_db
@pytest.mark.parametrize(("typed", "left"), [("20", 25), ("-5", 0), ("-6", 5), ("", 5)])
def test_staff_change_the_stock_by_what_came_in_or_broke(admin_client: Client, typed: str, left: int) -> None:
    # Given five mugs, and a page that was opened when there were eight
    mug = ProductFactory.create(stock=5)
    form = {"name": mug.name, "slug": mug.slug, "price": "12.50", "is_active": "on", "stock": "8", "restock": typed}
    form |= NO_PICTURES
    assert admin_client.post(f"/admin/catalog/product/{mug.pk}/change/", form).status_code == 302
    assert Product.objects.get().stock == left


@pytest.mark.django_db
def test_staff_add_a_product(admin_client: Client) -> None:
    form = {"name": "Jug", "slug": "jug", "price": "30", "is_active": "on", "stock": "8", "description": ""}
    form |= NO_PICTURES
    assert admin_client.post("/admin/catalog/product/add/", form).status_code == 302
    assert Product.objects.get().stock == 8


@pytest.mark.parametrize(
    ("currency", "language", "text"),
    [
        ("EUR", "en", "€1,234.50"),
        ("GBP", "en", "£1,234.50"),
        ("CHF", "de", "1.234,50\N{NO-BREAK SPACE}CHF"),
        ("EUR", "de", "1.234,50\N{NO-BREAK SPACE}€"),
    ],
)
def test_money_is_written_as_each_language_writes_it(
    settings: Settings, currency: str, language: str, text: str
) -> None:
    settings.CURRENCY = currency
    with translation.override(language):
        assert format_money(Decimal("1234.5")) == text
