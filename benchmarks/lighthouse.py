"""What does Lighthouse say of the list, a product and the checkout, on a phone? `python -m benchmarks.lighthouse`

The shop is served as in production: gunicorn, DEBUG off, compressed static files. Lighthouse comes through npx, at a
pinned version, and needs Node 18 or newer; nothing else here does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from benchmarks.result import Result, progress, run
from orders import cart
from shop.catalog import renditions
from shop.catalog.models import Picture, Product
from shop.local.paths import PROJECT
from shop.local.ports import LOOPBACK, answers, free_ports
from shop.local.processes import Processes
from shop.local.say import CannotGoOn

LIGHTHOUSE = "lighthouse@12.8.2"
GOAL = 95
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")

#: Chromium as root, and without what it would look up elsewhere.
CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update"),
    *("--disable-background-networking", "--disable-sync"),
)

#: Robots are kept out of the checkout on purpose; Lighthouse would count that against it.
LEFT_OUT = {"checkout": "is-crawlable"}


def measure() -> Iterator[Result]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lighthouse-")))
        furnish(folder, stack)
        site = serve(folder, stack)
        mug = Product.objects.get(slug="harbour-mug")
        pages = {"list": "/", "product": mug.get_absolute_url(), "checkout": "/checkout/"}
        for name, path in pages.items():
            progress(f"lighthouse: {name}")
            report = look_at(site + path, folder=folder, cookie=cart_of(mug), without=LEFT_OUT.get(name, ""))
            for category in CATEGORIES:
                score = 100 * report["categories"][category]["score"]
                yield Result(
                    question=f"Lighthouse on a phone, {name}: {category}", measured=score, unit="", at_least=GOAL
                )
            for complaint in complaints(report):
                progress(f"  {complaint}")


def furnish(folder: Path, stack: ExitStack) -> None:
    """A database of its own, with the demo catalogue and all renditions of its pictures."""
    old_name = str(connection.settings_dict["NAME"])
    is_file = connection.vendor == "sqlite"
    connection.settings_dict["TEST"]["NAME"] = str(folder / "shop.sqlite3") if is_file else f"lighthouse_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    stack.callback(connection.creation.destroy_test_db, old_name, verbosity=0)
    stack.enter_context(override_settings(MEDIA_ROOT=folder / "media"))
    call_command("seed_catalogue", stdout=sys.stderr)
    for picture in Picture.objects.all():
        renditions.make(default_storage, picture.original)
    Picture.objects.update(renditions_made_at=timezone.now())


def serve(folder: Path, stack: ExitStack) -> str:
    [port] = free_ports(1)
    site = f"http://{LOOPBACK}:{port}"
    database = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database}"
    else:
        url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{database}"
    environment = os.environ | {
        "DATABASE_URL": url,
        "MEDIA_ROOT": str(folder / "media"),
        "ALLOWED_HOSTS": LOOPBACK,
        "SITE_URL": site,
        "SECURE_SSL_REDIRECT": "False",
    }
    collect = [sys.executable, str(PROJECT / "manage.py"), "collectstatic", "--noinput", "--verbosity=0"]
    subprocess.run(collect, env=environment, check=True)
    processes = stack.enter_context(Processes(folder / "log"))
    gunicorn = ("-m", "gunicorn", "shop.wsgi", f"--bind={LOOPBACK}:{port}", "--workers=2", "--threads=8")
    web = processes.start("web", [sys.executable, *gunicorn, "--no-control-socket"], env=environment)
    web.wait_until(lambda: answers(port))
    return site


def cart_of(product: Product) -> str:
    """The session cookie of somebody with one of it in the cart."""
    session = SessionStore()
    cart.set_quantity(session, pk=product.pk, quantity=1)
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def look_at(address: str, *, folder: Path, cookie: str, without: str) -> dict[str, Any]:
    headers = folder / "headers.json"
    headers.write_text(json.dumps({"Cookie": cookie}))
    command = [
        *("npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--extra-headers={headers}"),
        *(f"--only-categories={','.join(CATEGORIES)}", f"--skip-audits={without}"),
        f"--chrome-flags={' '.join(CHROMIUM)}",
    ]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium or not shutil.which("npx"):
        raise CannotGoOn("This needs Chromium and npx, which comes with Node and npm.")
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"CHROME_PATH": chromium}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotGoOn(f"Lighthouse could not look at {address}:\n{done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def complaints(report: dict[str, Any]) -> Iterator[str]:
    """What cost points, and what it says about it."""
    for category in CATEGORIES:
        for each in report["categories"][category]["auditRefs"]:
            audit = report["audits"][each["id"]]
            if each["weight"] and audit["score"] is not None and audit["score"] < 1:
                yield f"{category}: {each['id']}, {audit['title']} {audit.get('displayValue', '')}"


if __name__ == "__main__":
    run(measure)
