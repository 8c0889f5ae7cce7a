from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.broker import Publisher
from messaging.management.startup import connected, nodes, require_database, topology
from messaging.relay import Relay
from messaging.stopping import STOPPING, Stop
from messaging.watchdog import end_within, first_ailment


class Command(BaseCommand):
    help = "Move the outbox to RabbitMQ, until SIGTERM. `run_consumer` does it too, unless told --no-relay."

    def handle(self, *args: Any, **options: Any) -> None:
        require_database()
        stop = Stop()
        publisher = Publisher(nodes(), topology())
        with connected(publisher):
            relay = Relay(publisher, stop.event)
            relay.start()
            ailment = stop.wait_while_well(lambda: first_ailment((relay, publisher)))
            stop.event.set()
            end_within(2 * STOPPING)
            relay.join(STOPPING)
        if ailment:
            raise CommandError(f"{ailment} Another process should start now.")
