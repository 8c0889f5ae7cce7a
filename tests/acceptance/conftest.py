"""Worker processes as a supervisor starts them, a mail server for them, and trouble."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Group

from shop.local.paths import PROJECT
from shop.local.processes import Process, Processes
from shop.local.rabbitmq import connect, forget
from tests.acceptance.post_office import PostOffice
from tests.acceptance.trouble.client import Trouble

StartWorker = Callable[..., Process]


@pytest.fixture(autouse=True)
def no_groups(transactional_db: None) -> None:
    """Jobs of tests leave groups behind and count them; the shop's own are there until the first test is over."""
    Group.objects.all().delete()


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    office = PostOffice()
    office.open()
    yield office
    office.close()


@pytest.fixture
def own_prefix(program_environment: dict[str, str]) -> Iterator[str]:
    """Queues of its own for each test, for a killed worker leaves messages behind."""
    prefix = f"{program_environment['MESSAGING_PREFIX']}.{secrets.token_hex(4)}"
    yield prefix
    forget(program_environment["AMQP_URL"], prefix=prefix)


@pytest.fixture
def start_worker(
    post_office: PostOffice, program_environment: dict[str, str], own_prefix: str, tmp_path: Path
) -> Iterator[StartWorker]:
    """Starts `manage.py run_consumer` with these arguments, and with these variables in its environment."""
    with Processes(tmp_path) as processes:

        def start(*arguments: str, **variables: str) -> Process:
            command = [sys.executable, str(PROJECT / "manage.py"), "run_consumer", *arguments]
            own = {
                "EMAIL_URL": f"smtp://127.0.0.1:{post_office.port}",
                "EMAIL_TIMEOUT": "30",
                "MESSAGING_PREFIX": own_prefix,
            }
            return processes.start(
                "run_consumer",
                command,
                env={**program_environment, **own, **variables},
            )

        yield start


@pytest.fixture
def trouble(
    start_worker: StartWorker, program_environment: dict[str, str], own_prefix: str, tmp_path: Path
) -> Iterator[Trouble]:
    """Workers that have one more job: it does to them what a test asks for."""
    folder = tmp_path / "trouble"
    folder.mkdir()
    yield Trouble(start_worker, folder)
    (folder / "go on").touch()
    with connect(program_environment["AMQP_URL"]) as broker:
        broker.channel().queue_delete(f"{own_prefix}.trouble.do")
