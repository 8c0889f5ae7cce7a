"""What `make test` runs: linters, types, Django's own checks, the suite on both databases, and a short `make chaos`."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Sequence

from shop.local.packages import install
from shop.local.paths import PROJECT, RUN
from shop.local.processes import foreground
from shop.local.say import say
from shop.local.servers import servers

PYTHON = sys.executable
MANAGE = [PYTHON, str(PROJECT / "manage.py")]

#: What production sets, for `check --deploy`.
PRODUCTION = {
    "DEBUG": "False",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ALLOWED_HOSTS": "shop.example",
    "SITE_URL": "https://shop.example",
}

CHECKS: dict[str, tuple[Sequence[str], dict[str, str]]] = {
    "ruff check": ([PYTHON, "-m", "ruff", "check"], {}),
    "ruff format": ([PYTHON, "-m", "ruff", "format", "--check"], {}),
    "mypy": ([PYTHON, "-m", "mypy"], {}),
    "makemigrations --check": ([*MANAGE, "makemigrations", "--check", "--dry-run"], {}),
    "check --deploy": ([*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
}

#: A short round with the faults that matter most, on PostgreSQL and a cluster of its own.
CHAOS = {"CHAOS_SECONDS": "120", "CHAOS_SEED": "", "CHAOS_DATABASE": "", "CHAOS_FAULTS": ""}


def test_everything(arguments: Sequence[str]) -> int:
    """Run all of it, also after a failure, and return the exit code. With arguments: only pytest, with those."""
    failed: list[str] = []
    timings: dict[str, float] = {}

    def step(name: str, command: Sequence[str], environment: dict[str, str]) -> None:
        say(name)
        began = time.monotonic()
        if foreground(command, env=environment):
            failed.append(name)
        timings[name] = time.monotonic() - began

    for package in ("chromium", "libatomic1"):  # the second for Playwright's driver
        install(package, because="for the tests in a browser", instead="Install it yourself.", service=False)
    with servers(fsync=False) as environment:
        sqlite = environment | {"DATABASE_URL": f"sqlite:///{RUN}/test.sqlite3"}
        if not arguments:
            for name, (command, extra) in CHECKS.items():
                step(name, command, sqlite | extra)
        step("pytest on PostgreSQL", [PYTHON, "-m", "pytest", *arguments], environment)
        # What a browser shows does not depend on the database, and takes a while.
        on_sqlite = arguments or ["--ignore=tests/browser"]
        step("pytest on SQLite", [PYTHON, "-m", "pytest", *on_sqlite], sqlite)
    if not arguments:
        step("chaos", [PYTHON, "-m", "tests.chaos"], dict(os.environ) | CHAOS)

    print()
    for name, seconds in timings.items():
        print(f"{seconds:7.1f} s  {name}{'   FAILED' if name in failed else ''}")
    return 1 if failed else 0
