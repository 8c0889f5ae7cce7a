"""Where RabbitMQ is: AMQP_URL."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from pika import URLParameters

Nodes = Sequence[URLParameters]

#: Seconds between heartbeats. pika takes a connection for dead when it has been silent for that and five seconds more.
HEARTBEAT = 10
#: Seconds for connecting to one node.
CONNECT_TIMEOUT = 5


class BrokerMisconfigured(Exception):
    """AMQP_URL is malformed, or a queue exists with other arguments. Waiting does not help."""


def parse(url: str) -> Nodes:
    """The nodes of AMQP_URL, which may name several, separated by commas. Raises BrokerMisconfigured."""
    nodes = []
    for part in url.split(","):
        try:
            if urlsplit(part.strip()).scheme not in {"amqp", "amqps"} or not urlsplit(part.strip()).hostname:
                raise ValueError("it does not start with amqp://host or amqps://host")
            node = URLParameters(part.strip())
        except Exception as error:
            raise BrokerMisconfigured(
                f"AMQP_URL is malformed ({error}). It looks like amqp://user:password@host:5672/vhost."
            ) from None
        if "heartbeat=" not in part:
            node.heartbeat = HEARTBEAT
        node.connection_attempts = 1
        node.socket_timeout = node.stack_timeout = CONNECT_TIMEOUT
        nodes.append(node)
    return nodes


def cause(error: BaseException) -> str:
    """The words of the innermost reason: pika wraps a refused connection in several layers."""
    inner: tuple[object, ...] = getattr(error, "exceptions", None) or (getattr(error, "exception", None), *error.args)
    found = next((each for each in inner if isinstance(each, BaseException)), None)
    return cause(found) if found is not None else (str(error) or repr(error))
