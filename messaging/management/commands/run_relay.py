from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.broker import Publisher
from messaging.management.startup import connected, nodes, require_database, topology
from messaging.relay import Relay
from messaging.stopping import Stop


class Command(BaseCommand):
    help = "Move the outbox to RabbitMQ, until SIGTERM. `run_consumer` does it too, unless told --no-relay."

    def handle(self, *args: Any, **options: Any) -> None:
        require_database()
        stop = Stop()
        publisher = Publisher(nodes(), topology())
        with connected(publisher):
            relay = Relay(publisher, stop.event)
            relay.start()
            asked = stop.wait_while(lambda: relay.is_alive() and publisher.is_alive())
            relay.join()
        if not asked:
            raise CommandError("The relay has died; see the traceback above.")
