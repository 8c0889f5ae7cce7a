"""RabbitMQ: its nodes, its alarms, its queues."""

from __future__ import annotations

from shop.local.rabbitmq_cluster import boot_together
from shop.local.rabbitmq_node import PrivateNode
from tests.chaos.diary import Kind
from tests.chaos.faults.registry import fault, wait
from tests.chaos.stage import PREFIX, Stage

QUEUE = f"{PREFIX}.orders.send_confirmation"
#: RabbitMQ's own limits, as they were before the alarms.
MEMORY, DISK = "0.4", "50MB"
#: Milliseconds. RabbitMQ looks for consumers that hold a message too long once in each tick.
CONSUMER_TIMEOUT, TICK = 2_000, 500
USUAL_CONSUMER_TIMEOUT, USUAL_TICK = 1_800_000, 60_000


def is_cluster(stage: Stage) -> bool:
    return len(stage.nodes) > 2


def leader(stage: Stage) -> PrivateNode:
    """The node that leads the queue of confirmations."""
    for line in stage.nodes[0].ctl("list_queues", "name", "leader", "--no-table-headers").splitlines():
        name, leads = line.split("\t")
        if name == QUEUE:
            return next((node for node in stage.nodes if node.name == leads), stage.nodes[0])
    return stage.nodes[0]


@fault(Kind.BROKER, seconds=9)
def stop_broker(stage: Stage) -> None:
    """A node's RabbitMQ stops in peace, for some seconds."""
    node = stage.chance.choice(stage.nodes)
    node.stop_app()
    wait(5)
    node.start_app()


@fault(Kind.BROKER, seconds=12, vital=True)
def kill_leader(stage: Stage) -> None:
    """The node that leads the queue of confirmations is killed (kill -9)."""
    node = leader(stage)
    node.kill()
    wait(4)
    node.boot()


@fault(Kind.BROKER, seconds=20, vital=True, possible=is_cluster)
def kill_two_nodes(stage: Stage) -> None:
    """Two nodes of three are killed (kill -9): no queue has a majority."""
    before = len(stage.customers.bought)
    two = stage.chance.sample(stage.nodes, k=2)
    for node in two:
        node.kill()
    wait(10)
    stage.evidence.without_majority.append(len(stage.customers.bought) - before)
    boot_together(two)


@fault(Kind.BROKER, seconds=8, vital=True)
def raise_memory_alarm(stage: Stage) -> None:
    """RabbitMQ has a memory alarm and takes nothing."""
    node = stage.chance.choice(stage.nodes)
    node.ctl("set_vm_memory_high_watermark", "0")
    wait(6)
    node.ctl("set_vm_memory_high_watermark", MEMORY)


@fault(Kind.BROKER, seconds=8)
def raise_disk_alarm(stage: Stage) -> None:
    """RabbitMQ has a disk alarm and takes nothing."""
    node = stage.chance.choice(stage.nodes)
    node.ctl("set_disk_free_limit", "1000GB")
    wait(6)
    node.ctl("set_disk_free_limit", DISK)


@fault(Kind.BROKER, seconds=5, vital=True)
def delete_queue(stage: Stage) -> None:
    """Somebody deletes the queue of confirmations under the workers' hands, with messages in it."""
    stage.mail.manners.slow = 0.5
    wait(2)
    stage.nodes[0].ctl("delete_queue", QUEUE)
    stage.mail.manners.slow = 0.0
    wait(2)


@fault(Kind.BROKER, seconds=14)
def shorten_consumer_timeout(stage: Stage) -> None:
    """RabbitMQ takes messages back, with the whole channel, after two seconds, and the mail server takes three."""
    set_consumer_timeout(stage, CONSUMER_TIMEOUT, tick=TICK)
    stage.mail.manners.slow = 3.0
    wait(10)
    stage.mail.manners.slow = 0.0
    set_consumer_timeout(stage, USUAL_CONSUMER_TIMEOUT, tick=USUAL_TICK)


def set_consumer_timeout(stage: Stage, milliseconds: int, *, tick: int) -> None:
    """It holds for channels that open after it, so those that are open are cut."""
    for node in stage.nodes:
        node.ctl(
            "eval",
            f"application:set_env(rabbit, consumer_timeout, {milliseconds}),"
            f"application:set_env(rabbit, channel_tick_interval, {tick}).",
        )
    stage.worker_wires.reset()
