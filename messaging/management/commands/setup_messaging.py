from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from messaging.broker import Link
from messaging.management.startup import connected, nodes, topology


class Command(BaseCommand):
    help = "Declare the exchanges and queues of every job in RabbitMQ. Harmless to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = topology()
        with connected(Link(nodes(), wanted, name="setup")):
            for queue in wanted.queues:
                self.stdout.write(queue.name)
