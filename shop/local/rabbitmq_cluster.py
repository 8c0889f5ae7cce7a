"""A RabbitMQ cluster on this machine: private nodes that share a cookie, a password and an epmd."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shop.local.ports import free_ports
from shop.local.rabbitmq_node import COOKIE, PrivateNode
from shop.local.say import CannotGoOn


def start_cluster(folder: Path, *, size: int) -> list[PrivateNode]:
    """Start `size` nodes that have found each other. Declare queues only now: quorum queues get a replica on each.

    Stop them with stop_cluster().
    """
    first = PrivateNode.start(folder / "node-1", name="shop-1")
    nodes = [first, *(another_node(folder, number, first) for number in range(2, size + 1))]
    try:
        boot_together(nodes[1:])
        if running(first) != {node.name for node in nodes}:
            raise CannotGoOn(
                f"The nodes did not form a cluster. {first.name} knows {', '.join(sorted(running(first)))}."
            )
    except BaseException:
        stop_cluster(nodes)
        raise
    return nodes


def another_node(folder: Path, number: int, first: PrivateNode) -> PrivateNode:
    """Ready to boot: it joins the first one then."""
    own = folder / f"node-{number}"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    shutil.copy2(first.folder / COOKIE, own / COOKIE)
    amqp, distribution = free_ports(2)
    return PrivateNode(
        own,
        amqp=amqp,
        distribution=distribution,
        epmd=first.epmd,
        password=first.password,
        name=f"shop-{number}",
        joins=first.name,
    )


def boot_together(nodes: Sequence[PrivateNode]) -> None:
    """Boot nodes at the same time; raise what kept one of them from it. Those that were killed may need each other."""
    if nodes:
        with ThreadPoolExecutor(len(nodes)) as pool:
            list(pool.map(PrivateNode.boot, nodes))


def running(node: PrivateNode) -> set[str]:
    """The names of the nodes that this one knows to be running, itself among them."""
    status = json.loads(node.ctl("cluster_status", "--formatter", "json"))
    return set(status["running_nodes"])


def stop_cluster(nodes: Sequence[PrivateNode]) -> None:
    """The first one last: the epmd is its own."""
    for node in reversed(nodes):
        node.stop()
