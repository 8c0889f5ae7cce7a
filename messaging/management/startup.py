"""What the commands need before they begin; whatever is missing is one sentence and an exit code, no traceback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from messaging.broker import BrokerMisconfigured, BrokerUnavailable, Link, Nodes, parse
from messaging.jobs import registered
from messaging.topology import Topology

#: The exit code of a command that could not even begin (69). Whoever starts it again at once gains nothing.
COULD_NOT_START = os.EX_UNAVAILABLE


class CannotStart(CommandError):
    def __init__(self, text: str) -> None:
        super().__init__(text, returncode=COULD_NOT_START)


def nodes() -> Nodes:
    try:
        return parse(settings.MESSAGING["AMQP_URL"])
    except BrokerMisconfigured as error:
        raise CannotStart(str(error)) from error


def topology() -> Topology:
    return Topology(prefix=settings.MESSAGING["PREFIX"], jobs=tuple(registered().values()))


@contextmanager
def connected(link: Link) -> Iterator[None]:
    """The link, connected and with the topology declared; closed afterwards."""
    link.start()
    try:
        link.wait_until_ready()
        yield
    except (BrokerUnavailable, BrokerMisconfigured) as error:
        raise CannotStart(str(error)) from error
    finally:
        link.close()


def require_database() -> None:
    """The database answers and has our tables."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        where = "{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
        words = " ".join(str(error).split())
        raise CannotStart(f"The database at {where} (DATABASE_URL) cannot be reached: {words}") from error
    if pending:
        raise CannotStart("The database lacks tables of this release. Run `manage.py migrate` first.")
