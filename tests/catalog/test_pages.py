from __future__ import annotations

import re
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from PIL import Image
from pytest_django import DjangoAssertNumQueries, Settings

from shop.catalog.events import PictureUploaded
from shop.catalog.jobs import make_renditions
from shop.catalog.models import Category, Product
from tests.catalog.photographs import photograph, picture_of
from tests.factories import OrderFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tea() -> Category:
    return Category.objects.create(name="Tea", name_de="Tee", slug="tea")


def test_a_page_of_24_products_with_pictures_takes_at_most_6_queries(
    client: Client, tea: Category, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    small = photograph(10, 10)
    for product in ProductFactory.create_batch(25, category=tea):
        picture_of(small, product=product)
    client.post("/cart/add/", {"product": product.pk, "quantity": 1})
    with django_assert_max_num_queries(6):
        page = client.get("/").content.decode()
    assert page.count('class="item"') == 24
    assert client.get("/?page=2").content.decode().count('class="item"') == 1


@pytest.mark.parametrize(
    "address",
    [
        *(
            "/?page=2",
            "/search/?q=mug",
            "/shelves/tea/",
            "/products/assam/",
            "/sitemap.xml",
            "/robots.txt",
            "/nowhere/",
        ),
        *("/cart/", "/checkout/", "/orders/alices/"),
    ],
)
def test_no_page_takes_more_than_12_queries(client: Client, tea: Category, address: str) -> None:
    # Given somebody with seven things in the cart, and an order
    OrderFactory.create(token="alices")
    for product in [ProductFactory.create(slug="assam", category=tea), *ProductFactory.create_batch(30, category=tea)]:
        picture_of(photograph(10, 10), product=product)
    for product in Product.objects.all()[:7]:
        client.post("/cart/add/", {"product": product.pk, "quantity": 1})
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    assert len(queries) <= 12


def test_a_category_shows_its_own_products(client: Client, tea: Category) -> None:
    ProductFactory.create(name="Assam", category=tea)
    ProductFactory.create(name="Jug")
    page = client.get("/shelves/tea/").content.decode()
    assert "Assam" in page
    assert "Jug" not in page
    Product.objects.update(is_active=False)
    assert "There is nothing here just now." in client.get("/shelves/tea/").content.decode()


@pytest.mark.parametrize("words", ["bergamot", "earl grey", "EARL", "Bergamotte"])
def test_search_finds_words_of_both_languages(client: Client, words: str) -> None:
    ProductFactory.create(name="Earl Grey with bergamot", name_de="Earl Grey mit Bergamotte")
    ProductFactory.create(name="Jug")
    page = client.get("/search/", {"q": words}).content.decode()
    assert "One product found." in page
    assert "Jug" not in page


@pytest.mark.parametrize("words", ["zebra", "\x00", "'", "%", "a" * 200, "", '"unclosed', "!!!"])
def test_a_search_that_finds_nothing_says_so(client: Client, words: str) -> None:
    ProductFactory.create(name="Jug", description="")
    answer = client.get("/search/", {"q": words})
    assert answer.status_code == 200
    assert "Jug" not in answer.content.decode()
    assert 'name="robots" content="noindex"' in answer.content.decode()


def test_customers_read_the_few_that_are_left(client: Client) -> None:
    mug = ProductFactory.create(stock=3)
    assert "Only 3 left" in client.get("/").content.decode()
    Product.objects.update(stock=1)
    assert "Only one left" in client.get(mug.get_absolute_url()).content.decode()


def test_texts_are_in_the_readers_language_and_in_english_where_nobody_has_translated_them() -> None:
    mug = ProductFactory.create(name="Harbour mug", name_de="Hafenbecher", description="Heavy.")
    with translation.override("de"):
        assert (mug.local_name, mug.blurb) == ("Hafenbecher", "Heavy.")
    with translation.override("en"):
        assert mug.local_name == "Harbour mug"


def test_search_engines_read_price_and_stock(client: Client) -> None:
    page = client.get(ProductFactory.create(stock=0).get_absolute_url()).content.decode()
    assert 'itemprop="price" content="12.50"' in page
    assert "https://schema.org/OutOfStock" in page
    assert '<meta property="og:title"' in page


def test_a_product_that_is_shared_elsewhere_shows_its_picture(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://shop.example"
    picture = picture_of(photograph(1000, 800))
    address = picture.product.get_absolute_url()
    assert "og:image" not in client.get(address).content.decode()
    list(make_renditions(PictureUploaded(picture_id=picture.pk)))
    for page in (client.get(address).content.decode(), client.get("/").content.decode()):
        told = dict(re.findall(r'<meta property="og:(image[:a-z]*)" content="([^"]*)">', page))
        assert told["image"].startswith("https://shop.example/media/renditions/")
        file = client.get(told["image"].removeprefix("https://shop.example"))
        assert file["Content-Type"] == "image/webp"
        with Image.open(BytesIO(file.getvalue())) as image:
            assert [str(side) for side in image.size] == [told["image:width"], told["image:height"]] == ["960", "768"]


def test_the_sitemap_names_what_is_for_sale(client: Client, tea: Category) -> None:
    mug = ProductFactory.create()
    secret = ProductFactory.create(is_active=False)
    sitemap = client.get("/sitemap.xml").content.decode()
    assert mug.get_absolute_url() in sitemap
    assert "/shelves/tea/" in sitemap
    assert secret.get_absolute_url() not in sitemap
    assert "/sitemap.xml" in client.get("/robots.txt").content.decode()


@pytest.mark.parametrize("address", ["/", "/cart/", "/admin/login/"])
def test_no_page_lets_anything_inline_run(client: Client, address: str) -> None:
    policy = client.get(address)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy


def test_a_form_that_is_far_too_large_is_not_even_read(client: Client) -> None:
    answer = client.post("/cart/add/", b"", content_type="multipart/form-data", CONTENT_LENGTH=str(2 * 1024 * 1024))
    assert answer.status_code == 413
    assert "Nothing of it was taken." in answer.content.decode()
