"""The real servers that tests and benchmarks run against."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from shop.local.paths import RUN
from shop.local.postgresql import PrivateCluster
from shop.local.processes import foreground
from shop.local.rabbitmq import given
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import say


@contextmanager
def servers(*, fsync: bool = True) -> Iterator[dict[str, str]]:
    """An environment in which DATABASE_URL and AMQP_URL answer: those that are set, else private servers of ours.

    For tests, RabbitMQ is never one that just happens to run here: they stop it, and they count what is in it.
    """
    RUN.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="servers-", dir=RUN)))
        folder.chmod(0o711)  # PostgreSQL's user goes through it to its own
        environment = dict(os.environ)
        if not os.environ.get("DATABASE_URL"):
            cluster = PrivateCluster.start(folder / "postgresql", log=folder / "postgresql.log", fsync=fsync)
            stack.callback(cluster.stop)
            environment["DATABASE_URL"] = cluster.url
            say("PostgreSQL: a private cluster.")
        if not given():
            node = PrivateNode.start(folder / "rabbitmq")
            stack.callback(node.stop)
            environment |= {"AMQP_URL": node.url, "PRIVATE_RABBITMQ": str(node.folder)}
            say("RabbitMQ: a private node.")
        yield environment


def with_servers(command: Sequence[str], *, fsync: bool = True) -> int:
    with servers(fsync=fsync) as environment:
        return foreground(command, env=environment)
