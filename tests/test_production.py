"""What only shows with DEBUG off: settings are read once, so a process of its own reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from shop.local.paths import PROJECT

LOOK = """
import json, sys, django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
settings.STATIC_ROOT = sys.argv[1]
call_command("collectstatic", interactive=False, verbosity=0)
answer = Client().get("/admin/login/", secure=True)
print(json.dumps({
    "csrf": {name: answer.cookies["csrftoken"][name] for name in ("secure", "samesite")},
    "session": [settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE],
    "headers": dict(answer.headers),
    "plain": [Client().get("/cart/").status_code, Client().get("/cart/")["Location"]],
}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DEBUG": "False",
        "SECRET_KEY": "for this test",
        "ALLOWED_HOSTS": "testserver",
        "DATABASE_URL": "sqlite://:memory:",
    }
    command = [sys.executable, "-c", LOOK, str(tmp_path_factory.mktemp("static"))]
    done = subprocess.run(command, env=environment, cwd=PROJECT, stdout=subprocess.PIPE, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_cookies_travel_encrypted_and_scripts_cannot_read_the_session(seen: dict[str, Any]) -> None:
    assert seen["csrf"] == {"secure": True, "samesite": "Lax"}
    assert seen["session"] == [True, True, "Lax"]


def test_plain_http_leads_to_https_and_browsers_remember(seen: dict[str, Any]) -> None:
    assert seen["plain"] == [301, "https://testserver/cart/"]
    assert "max-age=31536000" in seen["headers"]["Strict-Transport-Security"]


def test_nothing_inline_runs_on_the_login_page(seen: dict[str, Any]) -> None:
    policy = seen["headers"]["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
