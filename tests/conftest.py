"""The real servers that tests run against. `make test` starts them; nothing here skips when one is missing."""

from __future__ import annotations

import mailbox
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connection, connections
from django.utils import translation
from pytest_django import Settings

from orders import mailer
from shop.local import rabbitmq
from shop.local.maildir import all_mails
from shop.local.paths import RUN
from shop.local.ports import LOOPBACK, free_ports
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import CannotGoOn
from shop.local.smtp import Filing

HINT = 'Run `make test`, or `make test ARGS="..."` with arguments for pytest: it starts what is missing.'


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", type=Path, help="folder in which the browser's tests leave pictures of the admin")


@pytest.fixture(scope="session", autouse=True)
def messaging_prefix() -> str:
    """The start of every name in RabbitMQ: another one in each run, so that no run sees another's queues."""
    prefix = f"test-{secrets.token_hex(4)}"
    settings.MESSAGING["PREFIX"] = prefix
    os.environ["MESSAGING_PREFIX"] = prefix
    return prefix


@pytest.fixture(autouse=True)
def no_language() -> Iterator[None]:
    """A page in German leaves German behind in its thread, which here is that of the next test."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def amqp_url(messaging_prefix: str) -> Iterator[str]:
    """A RabbitMQ that answers. What this run has declared there is deleted at its end."""
    if not os.environ.get("AMQP_URL"):
        pytest.fail(f"This test needs a RabbitMQ, and AMQP_URL is not set. {HINT}")
    url: str = settings.MESSAGING["AMQP_URL"]
    try:
        rabbitmq.check(url)
    except CannotGoOn as error:
        pytest.fail(f"{error} {HINT}")
    yield url
    rabbitmq.forget(url, prefix=messaging_prefix)


@pytest.fixture(scope="session")
def rabbitmq_node() -> Iterator[PrivateNode]:
    """A node that a test may take away: `stop_app()`, `start_app()`, `ctl()`. Bring it back before the test ends.

    It is the one that `amqp_url` names, unless that is somebody else's: then it is one more.
    """
    if folder := os.environ.get("PRIVATE_RABBITMQ"):
        yield PrivateNode.at(Path(folder))
        return
    node = PrivateNode.start(RUN / f"test-rabbitmq-{os.getpid()}")
    yield node
    node.stop()


@dataclass(frozen=True)
class MailServer:
    port: int
    folder: Path

    @property
    def mails(self) -> list[EmailMessage]:
        """What has arrived, oldest first."""
        return [mail for _, mail in all_mails(mailbox.Maildir(self.folder, create=True))]


@pytest.fixture
def mail_server(tmp_path: Path, settings: Settings) -> Iterator[MailServer]:
    """A real SMTP server with an empty Maildir; Django's e-mail settings lead to it."""
    [port] = free_ports(1)
    server = MailServer(port, tmp_path / "mail")
    controller = Controller(Filing(server.folder), hostname=LOOPBACK, port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, port
    yield server
    mailer.hang_up_all()
    controller.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite's tests use a file, as the shop does: a database in memory locks in other ways."""
    for each in connections.all():
        if each.vendor == "sqlite":
            each.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture
def program_environment(transactional_db: None, amqp_url: str, messaging_prefix: str) -> dict[str, str]:
    """For programs started by a test: they see its database, its broker and its mail server, if it has one."""
    return dict(os.environ) | {
        "DATABASE_URL": database_url(),
        "AMQP_URL": amqp_url,
        "MESSAGING_PREFIX": messaging_prefix,
        "EMAIL_URL": f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}",
    }


def database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    who = f"{quote(database['USER'], safe='')}:{quote(database['PASSWORD'], safe='')}"
    return f"postgres://{who}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
