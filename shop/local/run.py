"""`make run`: the shop with everything it needs, until Ctrl-C."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable

import django

from shop.local.lock import only_one
from shop.local.paths import RUN
from shop.local.ports import LOOPBACK, free_ports, is_free
from shop.local.processes import Processes
from shop.local.rabbitmq import broker
from shop.local.say import CannotGoOn, say
from shop.local.stack import Stack

FOLDER = RUN / "shop"
MAILDIR = FOLDER / "mail"

#: Ports that are taken if they are free, so that bookmarks work.
USUAL_SMTP, USUAL_MAILBOX = 1025, 8025


def run() -> int:
    web = chosen_port()
    with only_one("run"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        smtp, mailbox = (port if is_free(port) else free_ports(1)[0] for port in (USUAL_SMTP, USUAL_MAILBOX))
        with broker(FOLDER / "rabbitmq", keep=True) as rabbitmq, Processes(FOLDER / "log") as processes:
            os.environ |= {
                "AMQP_URL": rabbitmq.url,
                "EMAIL_URL": f"smtp://{LOOPBACK}:{smtp}",
                "SITE_URL": f"http://localhost:{web}",
            }
            admin = prepare_database()
            stack = Stack(processes, os.environ, web=web, smtp=smtp, maildir=MAILDIR, show=with_name)
            stack.start_mail_server()
            stack.start_mailbox_page(mailbox)
            stack.start_worker()
            stack.start_web()
            print(
                f"""
  The shop   http://localhost:{web}/
  Admin      http://localhost:{web}/admin/   {admin}
  Mailbox    http://localhost:{mailbox}/   every e-mail that the shop sends

  Ctrl-C stops all of it.
""",
                flush=True,
            )
            return stay(processes)


def chosen_port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotGoOn(f"PORT is {text!r}. It has to be a number from 1 to 65535.")
    if not is_free(int(text)):
        raise CannotGoOn(f"Port {text} is taken. Stop what listens there, or choose another one: make run PORT=8001")
    return int(text)


def prepare_database() -> str:
    """Migrate and seed. Returns how to log in to the admin: the password is told once and kept as a hash only."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("seed_catalogue")
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return "(with the password told on the first run, or after: .venv/bin/python manage.py changepassword admin)"
    password = secrets.token_urlsafe(12)
    users.create_superuser("admin", password=password)
    return f"user admin, password {password} (told only now)"


def with_name(program: str) -> Callable[[str], None]:
    def show(line: str) -> None:
        print(f"{program:7} | {line}", flush=True)

    return show


def stay(processes: Processes) -> int:
    """Wait for Ctrl-C. If one of the programs ends by itself, the others stop too."""
    try:
        while True:
            for process in processes.started:
                if not process.running:
                    say(f"{process.name} ended by itself with exit code {process.popen.returncode}; stopping the rest.")
                    return 1
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("Stopping: the worker finishes what it has in hand.")
        return 0
