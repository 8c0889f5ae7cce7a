from __future__ import annotations

import pytest
from django.test import Client
from django.utils.translation import gettext

from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


def test_the_shop_speaks_what_the_browser_asks_for(client: Client) -> None:
    for asked, spoken in [("de-AT,de;q=0.9,en;q=0.5", "de"), ("en-GB", "en"), ("fr", "en"), ("", "en")]:
        answer = client.get("/", headers={"accept-language": asked})
        assert f'<html lang="{spoken}">' in answer.content.decode()
        assert answer.headers["Content-Language"] == spoken


def test_alice_chooses_german_and_stays_where_she_is(client: Client) -> None:
    assert "Your cart" in client.get("/cart/?from=shelf").content.decode()
    answer = client.post("/language/", {"language": "de", "next": "/cart/?from=shelf"})
    assert answer.headers["Location"] == "/cart/?from=shelf"
    assert answer.cookies["django_language"]["httponly"]
    assert '<html lang="de">' in client.get("/cart/", headers={"accept-language": "en"}).content.decode()


def test_the_choice_stands_on_every_page_and_leads_back_to_it(client: Client) -> None:
    for page in ("/?page=1&a=b", "/cart/", "/nowhere/"):
        html = client.get(page).content.decode()
        assert '<form class="languages" method="post" action="/language/"' in html
        assert f'name="next" value="{page.replace("&", "&amp;")}"' in html


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_choice_leads_nobody_out_of_the_shop(client: Client, elsewhere: str) -> None:
    answer = client.post("/language/", {"language": "de", "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_choosing_a_language_needs_no_token_and_the_shelf_sets_no_cookie() -> None:
    ProductFactory.create()
    strict = Client(enforce_csrf_checks=True)
    assert not strict.get("/").cookies
    assert strict.post("/language/", {"language": "de", "next": "/"}).status_code == 302


def test_staff_read_english_whatever_their_browsers_ask_for(client: Client) -> None:
    answer = client.get("/admin/login/", headers={"accept-language": "de"})
    assert "Password:" in answer.content.decode()
    assert answer.headers["Content-Language"] == "en"
    assert gettext("Cart") == "Cart"
