"""The network between the shop and RabbitMQ."""

from __future__ import annotations

from tests.chaos.diary import Kind
from tests.chaos.faults.registry import fault, wait
from tests.chaos.stage import Stage


@fault(Kind.BROKER, seconds=6, vital=True)
def reset_worker_wires(stage: Stage) -> None:
    """The connections between workers and RabbitMQ are cut in mid-job, three times."""
    stage.mail.manners.slow = 0.3
    for _ in range(3):
        wait(1)
        stage.worker_wires.reset()
    stage.mail.manners.slow = 0.0


@fault(Kind.BROKER, seconds=26)
def stall_worker_wires(stage: Stage) -> None:
    """The connections between workers and RabbitMQ go dead without being closed, for longer than a heartbeat."""
    stage.worker_wires.stall()
    wait(25)
    stage.worker_wires.flow()


@fault(Kind.BROKER, seconds=4)
def reset_relay_wires(stage: Stage) -> None:
    """The connection between relay and RabbitMQ is cut while it publishes, three times."""
    for _ in range(3):
        wait(1)
        stage.relay_wires.reset()


@fault(Kind.BROKER, seconds=16)
def stall_relay_wires(stage: Stage) -> None:
    """The connection between relay and RabbitMQ goes dead without being closed: no confirms."""
    stage.relay_wires.stall()
    wait(15)
    stage.relay_wires.flow()
