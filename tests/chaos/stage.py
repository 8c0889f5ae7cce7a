"""Everything that a round needs: private servers, the shop's programs, and what was done to them."""

from __future__ import annotations

import logging
import os
import random
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django

from shop.local.paths import PROJECT, RUN
from shop.local.ports import LOOPBACK, free_ports
from shop.local.postgresql import PrivateCluster
from shop.local.processes import Processes
from shop.local.rabbitmq_cluster import start_cluster, stop_cluster
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import CannotGoOn, say
from tests.chaos.diary import Diary
from tests.chaos.evidence import Evidence
from tests.chaos.load import Customers
from tests.chaos.mail import MailServer
from tests.chaos.programs import Programs
from tests.chaos.trouble import clock
from tests.chaos.wires import Wires

FOLDER = RUN / "chaos"
PREFIX = "chaos"
#: RabbitMQ nodes beside PostgreSQL; SQLite is the small shop's, and has one.
NODES = 3
#: Processes of run_consumer, and threads in each.
WORKERS = 2
CONCURRENCY = 4
CLOCK = FOLDER / "clock"


@dataclass
class Stage:
    seed: str
    #: About how long the round lasts, before its calm.
    seconds: float
    customers: Customers
    nodes: list[PrivateNode]
    #: Between the workers and RabbitMQ, and between the relay and RabbitMQ.
    worker_wires: Wires
    relay_wires: Wires
    #: None: the shop runs on SQLite.
    database: PrivateCluster | None
    mail: MailServer
    programs: Programs
    diary: Diary
    evidence: Evidence = field(default_factory=Evidence)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - it must be repeatable


@contextmanager
def stage(*, seed: str, seconds: float, sqlite: bool) -> Iterator[Stage]:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    FOLDER.chmod(0o711)  # PostgreSQL's user goes through it to its own
    with ExitStack() as stack:
        nodes = start_cluster(FOLDER / "rabbitmq", size=1 if sqlite else NODES)
        stack.callback(stop_cluster, nodes)
        say("RabbitMQ: a private node." if sqlite else f"RabbitMQ: a private cluster of {NODES} nodes.")
        database = None
        if not sqlite:
            database = PrivateCluster.start(FOLDER / "postgresql", log=FOLDER / "postgresql.log", fsync=False)
            stack.callback(database.stop)
        say("SQLite." if sqlite else "PostgreSQL: a private cluster.")
        mail = MailServer()
        stack.callback(mail.close)
        worker_wires, relay_wires = wires(stack, nodes), wires(stack, nodes)
        [web] = free_ports(1)
        environment = shop_environment(
            database_url=database.url if database else f"sqlite:///{FOLDER}/shop.sqlite3", web=web, smtp=mail.port
        )
        prepare_database(environment)
        CLOCK.write_text("0")
        diary = Diary()
        programs = Programs(stack.enter_context(Processes(FOLDER / "log")), diary)
        stack.callback(programs.stop)
        programs.start()
        programs.keep_web(web, environment)
        through = {"AMQP_URL": urls(nodes, relay_wires), clock.FILE: str(CLOCK)}
        programs.keep_relay(environment | through)
        for number in range(1, WORKERS + 1):
            through = {"AMQP_URL": urls(nodes, worker_wires)}
            programs.keep_worker(number, environment | through, concurrency=CONCURRENCY)
        wait_until_replicated(nodes)
        customers = Customers(f"http://{LOOPBACK}:{web}", seed=seed)
        yield Stage(seed, seconds, customers, nodes, worker_wires, relay_wires, database, mail, programs, diary)


def wires(stack: ExitStack, nodes: Sequence[PrivateNode]) -> Wires:
    made = Wires([node.amqp for node in nodes])
    stack.callback(made.close)
    return made


def urls(nodes: Sequence[PrivateNode], wires: Wires) -> str:
    """AMQP_URL with every node, as it is reached through these wires."""
    pairs = zip(nodes, wires.ports, strict=True)
    return ",".join(node.url.replace(f":{node.amqp}/", f":{port}/") for node, port in pairs)


def wait_until_replicated(nodes: Sequence[PrivateNode]) -> None:
    """Until the workers have declared their queues, each with a replica on each node: else no kill proves anything."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        lines = nodes[0].ctl("list_queues", "name", "members", "--no-table-headers").splitlines()
        replicas = {name: members.count("@") for name, members in (line.split("\t") for line in lines)}
        if len(replicas) > 1 and set(replicas.values()) == {len(nodes)}:
            return
        time.sleep(0.5)
    raise CannotGoOn(f"The queues are not on every node. RabbitMQ says: {replicas}")


def shop_environment(*, database_url: str, web: int, smtp: int) -> dict[str, str]:
    return os.environ | {
        "DEBUG": "True",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": LOOPBACK,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "PYTHONPATH": str(PROJECT),
        "EMAIL_URL": f"smtp://{LOOPBACK}:{smtp}",
        "EMAIL_TIMEOUT": "5",
        "MEDIA_ROOT": str(FOLDER / "media"),
        "SITE_URL": f"http://{LOOPBACK}:{web}",
        "MESSAGING_PREFIX": PREFIX,
        # Everybody comes from one address, and presses reload.
        "CHECKOUT_LIMIT": "1000 per second",
        "PYTHONUNBUFFERED": "1",
    }


def prepare_database(environment: dict[str, str]) -> None:
    os.environ |= environment
    django.setup()
    for chatty in ("httpx", "mail.log"):
        logging.getLogger(chatty).setLevel("ERROR")
    from django.core.management import call_command

    from shop.catalog.models import Product

    call_command("migrate", verbosity=0)
    call_command("seed_catalogue", without_pictures=True)
    Product.objects.update(stock=1_000_000)  # nobody is to be told that something is sold out


def logs() -> Path:
    return FOLDER / "log"
