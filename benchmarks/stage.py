"""Where a benchmark plays: an empty database with a catalogue, names of its own in the broker, and workers."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pika.exceptions import ChannelClosedByBroker

from messaging.jobs import registered
from messaging.topology import Topology
from shop.catalog.models import Product
from shop.local.paths import PROJECT
from shop.local.processes import Process, Processes
from shop.local.rabbitmq import connect, forget
from shop.local.say import CannotGoOn


@dataclass
class Stage:
    processes: Processes
    environment: Mapping[str, str]

    @property
    def topology(self) -> Topology:
        return Topology(prefix=settings.MESSAGING["PREFIX"], jobs=tuple(registered().values()))

    @property
    def queue(self) -> str:
        return self.topology.queue_of("orders.send_confirmation")

    def start(self, command: str, *arguments: str, mail: int = 25, database: str | None = None) -> Process:
        """Run a command of manage.py on this stage, sending its mail to the port `mail`."""
        environment = {**self.environment, "EMAIL_URL": f"smtp://127.0.0.1:{mail}"}
        if database:
            environment["DATABASE_URL"] = database
        program = [sys.executable, str(PROJECT / "manage.py"), command, *arguments]
        return self.processes.start(command, program, env=environment)

    def start_workers(
        self, *arguments: str, processes: int = 1, mail: int = 25, database: str | None = None
    ) -> Process:
        """`run_consumer`, once all its processes consume."""
        worker = self.start("run_consumer", f"--processes={processes}", *arguments, mail=mail, database=database)
        worker.wait_until(lambda: self.consumers() == processes)
        return worker

    def consumers(self) -> int:
        with connect(settings.MESSAGING["AMQP_URL"]) as broker:
            try:
                declared = broker.channel().queue_declare(self.queue, passive=True)
            except ChannelClosedByBroker:  # not there yet: the workers declare it
                return 0
        count: int = declared.method.consumer_count
        return count


@contextmanager
def stage() -> Iterator[Stage]:
    """Raises CannotGoOn if the servers are not the ones that the figures are about."""
    if connection.vendor != "postgresql" or not os.environ.get("AMQP_URL"):
        raise CannotGoOn(
            "The benchmarks need a PostgreSQL in DATABASE_URL and a RabbitMQ in AMQP_URL. "
            "Run them as: python -m shop.local servers python -m benchmarks"
        )
    with ExitStack() as stack:
        database = fresh_database(stack)
        stack.callback(forget, settings.MESSAGING["AMQP_URL"], prefix=settings.MESSAGING["PREFIX"])
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        processes = stack.enter_context(Processes(logs))
        yield Stage(processes, {**os.environ, "DATABASE_URL": database})


def fresh_database(stack: ExitStack) -> str:
    """The URL of an empty, migrated database with a catalogue that never sells out; dropped at the end."""
    connection.settings_dict["TEST"]["NAME"] = f"benchmark_{os.getpid()}"
    old_name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    stack.callback(connection.creation.destroy_test_db, old_name, verbosity=0)
    call_command("seed_catalogue", without_pictures=True, stdout=io.StringIO())
    Product.objects.update(stock=1_000_000_000)
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def wait_until(done: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise CannotGoOn(f"Gave up after {seconds:.0f} seconds of waiting for {what}.")
        time.sleep(0.02)
