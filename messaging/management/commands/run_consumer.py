from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from messaging.broker import Publisher
from messaging.housekeeping import Housekeeping
from messaging.jobs import Job, registered
from messaging.management.startup import connected, nodes, require_database, topology
from messaging.relay import Relay
from messaging.stopping import STOPPING, Stop
from messaging.supervisor import Supervisor
from messaging.watchdog import end_within, first_ailment
from messaging.worker import Worker

logger = logging.getLogger("messaging.run_consumer")


class Command(BaseCommand):
    help = "Run jobs on what RabbitMQ delivers, and relay the outbox to it, until SIGTERM; then finish what has begun."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=positive, default=8, help="jobs at once in a process (default: 8)")
        parser.add_argument("--processes", type=positive, default=1, help="worker processes (default: 1)")
        parser.add_argument("--queue", action="append", metavar="NAME", help="only this job; may be repeated")
        parser.add_argument("--no-relay", action="store_true", help="leave the outbox to another process")
        parser.add_argument("--reload", action="store_true", help="start anew when the code changes (development)")

    def handle(self, *args: Any, **options: Any) -> None:
        jobs = chosen(options["queue"])
        if options["processes"] > 1 or options["reload"]:
            sys.exit(self.supervise(options))
        require_database()
        with_relay = not options["no_relay"]
        stop = Stop()
        worker = Worker(nodes(), topology(), jobs=jobs, concurrency=options["concurrency"])
        housekeeping = Housekeeping(worker, stop.event)
        housekeeping.obey_staff()
        publisher = Publisher(nodes(), topology())
        relay = Relay(publisher, stop.event)

        with ExitStack() as links:
            links.enter_context(connected(worker.consumer))
            worker.start()
            housekeeping.start()
            if with_relay:
                links.enter_context(connected(publisher))
                relay.start()
            logger.info("Consuming %s with %d threads.", ", ".join(job.queue for job in jobs), options["concurrency"])
            steady = (housekeeping, relay, publisher) if with_relay else (housekeeping,)
            ailment = stop.wait_while_well(lambda: worker.ailment() or first_ailment(steady))
            stop.event.set()
            if ailment:
                logger.critical("%s", ailment)
            logger.info("Stopping: finishing what has begun.")
            patience = settings.MESSAGING["DRAIN_TIMEOUT"].total_seconds()
            end_within(patience + 3 * STOPPING)
            drained = worker.drain(patience)
            housekeeping.join(STOPPING)
            if with_relay:
                relay.join(STOPPING)
        if ailment:
            raise CommandError("This worker is not well, see above, and has stopped. Another process should start now.")
        if not drained:
            raise CommandError(
                "Jobs were still running at the deadline. RabbitMQ gives their messages to other workers."
            )
        logger.info("Stopped.")

    def supervise(self, options: dict[str, Any]) -> int:
        command = [sys.argv[0], "run_consumer", f"--concurrency={options['concurrency']}"]
        command += [f"--queue={name}" for name in options["queue"] or ()]
        command += ["--no-relay"] if options["no_relay"] else []
        return Supervisor(command, processes=options["processes"], reload=options["reload"]).run()


def chosen(names: list[str] | None) -> list[Job]:
    jobs = registered()
    if unknown := set(names or ()) - jobs.keys():
        raise CommandError(f"No job is named {', '.join(sorted(unknown))}. There are: {', '.join(jobs)}.")
    return [jobs[name] for name in names or jobs]


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)
