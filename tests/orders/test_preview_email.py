from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from orders.models import Order, OrderEmail
from shop.local.paths import PROJECT
from tests.factories import OrderFactory


@pytest.fixture
def preview(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        call_command("preview_email", *arguments)
        return capsys.readouterr().out

    return run


@pytest.mark.django_db
@pytest.mark.parametrize("kind", OrderEmail.Kind.values)
@pytest.mark.parametrize("language", ["en", "de"])
def test_without_any_order_it_shows_one_that_is_made_up_and_saves_nothing(
    preview: Callable[..., str], kind: str, language: str
) -> None:
    text = preview(kind, "--language", language)
    assert {"en": "Subject: Order 10042 ", "de": "Subject: Bestellung 10042 "}[language] in text
    assert {"en": "2 x Harbour mug", "de": "2 x Hafenbecher"}[language] in text
    assert "Message-ID: <order-10042." in text
    assert preview(kind, "--language", language, "--html").startswith("<!doctype html>")
    assert not Order.objects.exists()
    assert not mail.outbox


@pytest.mark.django_db
def test_it_shows_an_order_by_its_number_in_its_language_unless_another_is_wanted(preview: Callable[..., str]) -> None:
    order = OrderFactory.create(name="Bob", language="de")
    assert "Guten Tag Bob," in preview("confirmation", f"--order={order.number}")
    assert "Hello Bob," in preview("confirmation", f"--order={order.number}", "--language=en")
    with pytest.raises(CommandError, match="There is no order 4711"):
        preview("confirmation", "--order=4711")


def test_it_needs_no_database(tmp_path: object) -> None:
    shown = subprocess.run(
        [sys.executable, PROJECT / "manage.py", "preview_email", "shipped"],
        env={"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Order 10042 is on its way" in shown.stdout
