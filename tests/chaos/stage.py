"""Everything that a round needs: private servers, the shop's programs, and what was done to them."""

from __future__ import annotations

import logging
import os
import random
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django

from shop.local.paths import RUN
from shop.local.ports import LOOPBACK, free_ports
from shop.local.postgresql import PrivateCluster
from shop.local.processes import Processes
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import say
from tests.chaos.diary import Diary
from tests.chaos.mail import MailServer
from tests.chaos.programs import Programs

FOLDER = RUN / "chaos"
PREFIX = "chaos"
#: Processes of run_consumer, and threads in each.
WORKERS = 2
CONCURRENCY = 4


@dataclass
class Stage:
    seed: str
    site: str
    nodes: list[PrivateNode]
    #: None: the shop runs on SQLite.
    database: PrivateCluster | None
    mail: MailServer
    programs: Programs
    diary: Diary
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - it must be repeatable


@contextmanager
def stage(*, seed: str, sqlite: bool) -> Iterator[Stage]:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    FOLDER.chmod(0o711)  # PostgreSQL's user goes through it to its own
    with ExitStack() as stack:
        node = PrivateNode.start(FOLDER / "rabbitmq")
        stack.callback(node.stop)
        say("RabbitMQ: a private node.")
        database = None
        if not sqlite:
            database = PrivateCluster.start(FOLDER / "postgresql", log=FOLDER / "postgresql.log", fsync=False)
            stack.callback(database.stop)
        say("SQLite." if sqlite else "PostgreSQL: a private cluster.")
        mail = MailServer()
        stack.callback(mail.close)
        [web] = free_ports(1)
        environment = shop_environment(
            database_url=database.url if database else f"sqlite:///{FOLDER}/shop.sqlite3",
            amqp_url=node.url,
            web=web,
            smtp=mail.port,
        )
        prepare_database(environment)
        diary = Diary()
        programs = Programs(stack.enter_context(Processes(FOLDER / "log")), diary)
        stack.callback(programs.stop)
        start_shop(programs, environment, web)
        yield Stage(seed, f"http://{LOOPBACK}:{web}", [node], database, mail, programs, diary)


def shop_environment(*, database_url: str, amqp_url: str, web: int, smtp: int) -> dict[str, str]:
    return os.environ | {
        "DEBUG": "True",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": LOOPBACK,
        "DATABASE_URL": database_url,
        "AMQP_URL": amqp_url,
        "EMAIL_URL": f"smtp://{LOOPBACK}:{smtp}",
        "EMAIL_TIMEOUT": "5",
        "SITE_URL": f"http://{LOOPBACK}:{web}",
        "MESSAGING_PREFIX": PREFIX,
        # Everybody comes from one address, and presses reload.
        "CHECKOUT_LIMIT": "1000 per second",
        "PYTHONUNBUFFERED": "1",
    }


def prepare_database(environment: dict[str, str]) -> None:
    os.environ |= environment
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    django.setup()
    for chatty in ("httpx", "mail.log"):
        logging.getLogger(chatty).setLevel("ERROR")
    from django.core.management import call_command

    from shop.catalog.models import Product

    call_command("migrate", verbosity=0)
    call_command("seed_catalogue", without_pictures=True)
    Product.objects.update(stock=1_000_000)  # nobody is to be told that something is sold out


def start_shop(programs: Programs, environment: dict[str, str], web: int) -> None:
    programs.start()
    programs.keep_web(web, environment)
    programs.keep_command("relay", "run_relay", environment=environment)
    for number in range(1, WORKERS + 1):
        programs.keep_command(
            *(f"worker-{number}", "run_consumer", "--no-relay", f"--concurrency={CONCURRENCY}"), environment=environment
        )


def logs() -> Path:
    return FOLDER / "log"
