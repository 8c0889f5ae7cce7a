from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from messaging import preview, repair
from messaging.admin.rows import attach, jobs_in_words
from messaging.management.answers import EXIT_CODES, FINE, NEEDS_ATTENTION, acting, as_json, or_cannot_tell
from messaging.management.telling import described, described_attempt, in_a_line, masked, minute
from messaging.models import Batch, FailedJob

State = FailedJob.State

#: Jobs in the list unless --limit says otherwise, and at most.
USUAL, MOST = 50, 10_000
LARGEST_KEY = 2**63 - 1
#: Filters that are as exact as they sound, and the state that is every state.
EXACT, ALL = ("kind", "queue", "subject"), "all"

DESCRIPTION = f"""\
What failed, as in the admin: list it, show one, queue it again, or put it aside. E-mail addresses are masked, for what
is printed here may end in a log; --addresses shows them.

{EXIT_CODES}
list and show end with 1 if one of the jobs that they tell of needs attention; retry and discard, if one that was
chosen was left as it was. --json is stable: keys are added, never renamed.
"""


class Command(BaseCommand):
    help = DESCRIPTION

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="list|show|retry|discard")
        several = what.add_parser("list", help="the newest first")
        one = what.add_parser("show", help="one of them, with all its attempts")
        retry = what.add_parser("retry", help="queue again what needs attention")
        discard = what.add_parser("discard", help="put aside for good what needs attention")
        several.add_argument("--limit", type=up_to(MOST), default=USUAL, help=f"at most this many (default: {USUAL})")
        several.add_argument(
            "--before", type=up_to(LARGEST_KEY), metavar="ID", help="older ones: the last id of the page before"
        )
        one.add_argument("id", type=up_to(LARGEST_KEY))
        for each in (retry, discard):
            each.add_argument("ids", type=up_to(LARGEST_KEY), nargs="*", metavar="ID")
            each.add_argument("--all", action="store_true", help="all that the filters let through, instead of IDs")
            each.add_argument("--by", metavar="USERNAME", help="who you are in the admin")
        discard.add_argument("--reason", required=True, help="whoever finds them later will ask")
        for each in (several, retry, discard):
            add_filters(each)
        for each in (several, one):
            each.add_argument("--addresses", action="store_true", help="show e-mail addresses")
        for each in (several, one, retry, discard):
            each.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        tell = {"list": self.tell_some, "show": self.tell_one, "retry": self.retry, "discard": self.discard}[what]
        with or_cannot_tell():
            code = tell(options)
        sys.exit(code)

    def tell_some(self, options: dict[str, Any]) -> int:
        chosen, limit, addresses = filtered(options), options["limit"], options["addresses"]
        total, attention = chosen.count(), chosen.filter(state=State.NEEDS_ATTENTION).exists()
        older = chosen.filter(pk__lt=options["before"]) if options["before"] is not None else chosen
        rows = list(older.defer("body", "headers").order_by("-pk")[: limit + 1])
        shown, more = rows[:limit], len(rows) > limit
        attach(shown, admin.site, None)
        if options["json"]:
            jobs = [described(failed, addresses) for failed in shown]
            next_page = shown[-1].pk if more else None
            self.stdout.write(as_json({"failed_jobs": jobs, "total": total, "next_before": next_page}))
        else:
            for failed in shown:
                self.stdout.write(in_a_line(failed, addresses))
            rest = f" Older ones: --before {shown[-1].pk}" if more else ""
            self.stdout.write(f"{len(shown):,} of {jobs_in_words(total)}.{rest}")
        return NEEDS_ATTENTION if attention else FINE

    def tell_one(self, options: dict[str, Any]) -> int:
        failed = FailedJob.objects.filter(pk=options["id"]).first()
        if failed is None:
            raise CommandError(f"There is no failed job {options['id']}.")
        attach([failed], admin.site, None)
        attempts, addresses = list(failed.job_attempts.all()), options["addresses"]
        if options["json"]:
            body = preview.of_body(bytes(failed.body))
            message = {"headers": failed.headers, "body": masked(body.text, addresses), "body_note": body.note}
            told = [described_attempt(attempt, addresses) for attempt in attempts]
            self.stdout.write(as_json({**described(failed, addresses), **message, "job_attempts": told}))
        else:
            self.stdout.write(in_a_line(failed, addresses))
            for attempt in attempts:
                self.stdout.write(f"\nattempt {attempt.number}, {minute(attempt.started_at)}, {attempt.worker}")
                self.stdout.write(masked(preview.of_traceback(attempt.traceback).text.rstrip(), addresses))
        return NEEDS_ATTENTION if failed.state == State.NEEDS_ATTENTION else FINE

    def retry(self, options: dict[str, Any]) -> int:
        chosen, words, count = chosen_by(options)
        user, name = acting(options["by"])
        return self.tell_batch(repair.retry(chosen, by=user, name=name, chosen=words, expected=count), options)

    def discard(self, options: dict[str, Any]) -> int:
        reason = " ".join(options["reason"].split())[:255]
        if not reason:
            raise CommandError("Say why: --reason is empty.")
        chosen, words, count = chosen_by(options)
        user, name = acting(options["by"])
        batch = repair.discard(chosen, by=user, name=name, reason=reason, chosen=words, expected=count)
        return self.tell_batch(batch, options)

    def tell_batch(self, batch: Batch, options: dict[str, Any]) -> int:
        """What came of it. What had been achieved already is as good as done; what was left as it was is not."""
        left = batch.skipped + sum(batch.without_job.values())
        keys = ("action", "chosen", "reason", "made_by", "taken", "skipped", "done_already", "without_job")
        if options["json"]:
            self.stdout.write(as_json({"batch": batch.pk, **{key: getattr(batch, key) for key in keys}}))
        else:
            done = "queued again" if batch.action == Batch.Action.RETRY else "discarded"
            self.stdout.write(f"{jobs_in_words(batch.taken)} {done}, in {batch}.")
            for reason, count in batch.done_already.items():
                self.stdout.write(f"{jobs_in_words(count)} not queued: {reason}.")
            if batch.skipped:
                self.stderr.write(f"{batch.skipped:,} skipped: they need no attention, or there are no such jobs.")
            for queue, count in batch.without_job.items():
                name = preview.visible(queue)
                self.stderr.write(f"{jobs_in_words(count)} not queued: no job of this release has the queue {name}.")
        return NEEDS_ATTENTION if left else FINE


def add_filters(parser: ArgumentParser) -> None:
    states = [state.value for state in State]
    parser.add_argument(
        "--state", choices=[*states, ALL], default=State.NEEDS_ATTENTION.value, help="(default: %(default)s)"
    )
    parser.add_argument("--kind", choices=[kind.value for kind in FailedJob.Kind], metavar="KIND", help="of failure")
    parser.add_argument("--queue", help="of this job")
    parser.add_argument("--subject", metavar="LABEL", help="about this object: orders.order/42")
    parser.add_argument("--error", metavar="WORDS", help="with these words in the last error")


def filtered(options: dict[str, Any]) -> QuerySet[FailedJob]:
    chosen = FailedJob.objects.all()
    if options["state"] != ALL:
        chosen = chosen.filter(state=options["state"])
    for field in EXACT:
        if options[field] is not None:
            chosen = chosen.filter(**{field: options[field]})
    return chosen.filter(error__icontains=options["error"]) if options["error"] else chosen


def chosen_by(options: dict[str, Any]) -> tuple[QuerySet[FailedJob], str, int | None]:
    """The jobs, what they are in words, and how many the person named."""
    ids, narrowed = sorted(set(options["ids"])), [field for field in (*EXACT, "error") if options[field] is not None]
    if bool(ids) == options["all"]:
        raise CommandError("Name the jobs by their ids, or all that the filters let through by --all.")
    if ids and narrowed:
        raise CommandError(f"With ids there is nothing to filter: leave out --{narrowed[0]}, or use --all.")
    if ids:
        return FailedJob.objects.filter(pk__in=ids), f"{len(ids):,} named at the shell", len(ids)
    words = [f"{field} {options[field]}" for field in narrowed]
    return filtered(options), ", ".join(["all at the shell", *words]), None


def up_to(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not 0 < int(text) <= most:
            raise ArgumentTypeError(f"{text!r} is not a number from 1 to {most:,}.")
        return int(text)

    return parse
