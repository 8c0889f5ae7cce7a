from __future__ import annotations

import sys
import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from messaging import preview
from messaging.alarms import alarms
from messaging.management.answers import EXIT_CODES, FINE, NEEDS_ATTENTION, as_json, or_cannot_tell
from messaging.management.telling import clock
from messaging.status import QueueStatus, Status, is_running, status

#: Seconds between two looks with --watch: workers report every three.
LOOK_EVERY = 3
#: Characters of the reason of a pause.
LONGEST_REASON = 120
ANSWERS = {True: "answers", False: "does not answer the workers", None: "nobody knows: no worker runs"}

COLUMNS = "{:32}{:>8}{:>9}{:>11}{:>10}{:>9}{:>11}{:>10}"

#: What terminals take for "begin at the top of an empty screen".
CLEAR = "\x1b[H\x1b[2J"

DESCRIPTION = f"""\
How messaging is doing, from the database alone: what waits, each queue, each worker, and what needs attention.

{EXIT_CODES}
--watch looks again every {LOOK_EVERY} seconds until Ctrl-C, and ends with what it saw last; with --json it prints one
line for each look. --json is stable: keys are added, never renamed.
"""


class Command(BaseCommand):
    help = DESCRIPTION

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", action="store_true", help="look again until Ctrl-C")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, watch: bool, json: bool, **options: Any) -> None:
        with or_cannot_tell():
            code = self.look(json=json, again=watch)
            while watch:
                try:
                    time.sleep(LOOK_EVERY)
                    code = self.look(json=json, again=True)
                except KeyboardInterrupt:
                    break
        sys.exit(code)

    def look(self, *, json: bool, again: bool) -> int:
        seen = status()
        found = list(alarms(seen))
        if json:
            self.stdout.write(as_json(described(seen, found), in_one_line=again))
        else:
            if again and self.stdout.isatty():
                self.stdout.write(CLEAR, ending="")
            self.stdout.write("\n".join([*lines(seen), *(found or ["All is well."])]))
        self.stdout.flush()
        return NEEDS_ATTENTION if found else FINE


def lines(seen: Status) -> Iterator[str]:
    outbox = seen.outbox
    since = f" since {clock(outbox.waiting_since)}" if outbox.waiting_since else ""
    following = f" (next at {clock(outbox.next_due)})" if outbox.next_due else ""
    scheduled = f"{outbox.scheduled:,} scheduled{following}"
    yield f"outbox    {outbox.waiting:,} waiting{since}, {scheduled}, {outbox.parked:,} refused"
    yield f"RabbitMQ  {ANSWERS[seen.broker_answers]}"
    yield f"workers   {len(seen.running)} running"
    for worker in seen.running:
        doing = f"release {worker.release}, {worker.concurrency} at once, seen {clock(worker.last_seen)}"
        yield f"          {worker}, {doing}"
    yield COLUMNS.format("job", "ready", "in hand", "consumers", "done/min", "done/h", "attention", "retrying")
    for queue in seen.queues:
        ready, consumers = ("?" if each is None else f"{each:,}" for each in (queue.ready, queue.consumers))
        counts = (queue.unacked, last_minute(queue), sum(queue.done), queue.needs_attention, queue.retrying)
        unacked, *done_and_failed = (f"{count:,}" for count in counts)
        yield COLUMNS.format(queue.name, ready, unacked, consumers, *done_and_failed)
        for pause in queue.pauses:
            by = f" by {pause.by}" if pause.by else ""
            yield f"  paused{by} since {clock(pause.since)}: {preview.in_a_line(pause.reason, longest=LONGEST_REASON)}"


def described(seen: Status, found: list[str]) -> dict[str, Any]:
    return {
        "moment": seen.moment,
        "alarms": found,
        "broker_answers": seen.broker_answers,
        "outbox": asdict(seen.outbox),
        "queues": [
            {**asdict(queue), "done": sum(queue.done), "done_last_minute": last_minute(queue)} for queue in seen.queues
        ],
        "workers": [
            {
                "host": worker.host,
                "pid": worker.pid,
                "release": worker.release,
                "concurrency": worker.concurrency,
                "queues": worker.queues,
                "last_seen": worker.last_seen,
                "running": is_running(worker, seen.moment),
            }
            for worker in seen.workers
        ],
    }


def last_minute(queue: QueueStatus) -> int:
    """Done in the last minute that is over."""
    return queue.done[-2]
