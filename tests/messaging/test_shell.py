"""What the admin shows and does, from the shell, with exit codes for monitors."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import uuid4

import msgspec
import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from messaging.models import Batch, FailedJob, OutboxMessage, PausedQueue, ProcessedMessage, Worker
from shop.local.paths import PROJECT
from tests.factories import FailedJobFactory, JobAttemptFactory, OrderFactory, OutboxMessageFactory, WorkerFactory

pytestmark = pytest.mark.django_db

REFUSED = "SMTPRecipientsRefused: {'alcie@example.org': (550, b'no such user')}"


class Answer(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.out)


def shell(*arguments: Any) -> Answer:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*map(str, arguments), stdout=out, stderr=err)
    except SystemExit as ended:
        return Answer(cast("int", ended.code), out.getvalue(), err.getvalue())
    except CommandError as error:
        return Answer(error.returncode, out.getvalue(), str(error))
    raise AssertionError("It ended without an exit code.")


def test_list_tells_what_needs_attention_and_ends_with_1() -> None:
    order = OrderFactory.create()
    failed = FailedJobFactory.create(subject=order.subject)
    FailedJobFactory.create(state=FailedJob.State.RESOLVED, error="This is done")
    answer = shell("failed_jobs", "list")
    assert answer.code == 1
    assert f"{failed.pk}  " in answer.out
    assert f"Order confirmation for order {order.number}: SMTPServerDisconnected" in answer.out
    assert "This is done" not in answer.out
    assert "1 of 1 job.\n" in answer.out


def test_list_ends_with_0_if_nothing_needs_attention() -> None:
    FailedJobFactory.create(state=FailedJob.State.RETRYING)
    assert shell("failed_jobs", "list").code == 0
    assert shell("failed_jobs", "list", "--state", "all").code == 0


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["--state", "all"], {"a", "b", "c"}),
        (["--state", "resolved"], {"c"}),
        (["--kind", "permanent"], {"b"}),
        (["--queue", "orders.print_label"], {"b"}),
        (["--subject", "orders.order/7"], {"a"}),
        (["--error", "MAILBOX", "--state", "all"], {"c"}),
    ],
)
def test_list_narrows_as_it_is_told(filters: list[str], found: set[str]) -> None:
    FailedJobFactory.create(subject="orders.order/7", error="a")
    FailedJobFactory.create(queue="orders.print_label", kind=FailedJob.Kind.PERMANENT, error="b")
    FailedJobFactory.create(state=FailedJob.State.RESOLVED, error="c: the mailbox is full")
    jobs = shell("failed_jobs", "list", "--json", *filters).json["failed_jobs"]
    assert {job["error"][0] for job in jobs} == found


def test_a_long_list_comes_in_pages() -> None:
    pks = [failed.pk for failed in FailedJobFactory.create_batch(5)]
    first = shell("failed_jobs", "list", "--json", "--limit", 3).json
    second = shell("failed_jobs", "list", "--json", "--limit", 3, "--before", first["next_before"]).json
    assert [job["id"] for page in (first, second) for job in page["failed_jobs"]] == pks[::-1]
    assert (first["total"], second["next_before"]) == (5, None)
    assert f"3 of 5 jobs. Older ones: --before {pks[2]}" in shell("failed_jobs", "list", "--limit", 3).out


def test_the_keys_of_the_json_stay() -> None:
    attempt = JobAttemptFactory.create()
    job = shell("failed_jobs", "list", "--json").json["failed_jobs"][0]
    keys = "id sentence message_id queue type subject state kind error attempts first_failed_at last_failed_at"
    assert list(job) == [*keys.split(), "next_attempt_at"]
    shown = shell("failed_jobs", "show", attempt.failed_job_id, "--json").json
    assert list(shown) == [*job, "headers", "body", "body_note", "job_attempts"]
    assert list(shown["job_attempts"][0]) == (
        ["number", "started_at", "seconds", "worker", "release", "error_class", "error", "traceback"]
    )


def test_show_tells_every_attempt_and_ends_with_1_while_it_needs_attention() -> None:
    failed = FailedJobFactory.create()
    JobAttemptFactory.create(failed_job=failed, number=7)
    answer = shell("failed_jobs", "show", failed.pk)
    assert answer.code == 1
    assert "attempt 7, " in answer.out
    assert 'File "orders/jobs.py"' in answer.out
    FailedJob.objects.update(state=FailedJob.State.RETRIED)
    assert shell("failed_jobs", "show", failed.pk).code == 0


def test_addresses_are_masked_unless_somebody_asks_for_them() -> None:
    failed = FailedJobFactory.create(error=REFUSED, body=b'"alcie@example.org"')
    JobAttemptFactory.create(failed_job=failed, error_text=REFUSED, traceback=REFUSED)
    for command in (["list"], ["list", "--json"], ["show", failed.pk], ["show", failed.pk, "--json"]):
        assert "alcie@" not in shell("failed_jobs", *command).out
        assert "a***@example.org" in shell("failed_jobs", *command).out
        assert "alcie@example.org" in shell("failed_jobs", *command, "--addresses").out


def test_what_was_written_to_confuse_a_terminal_is_written_out() -> None:
    failed = FailedJobFactory.create(error="\x1b[2J\u202eevil", subject="\x1b]0;evil\x07", queue="\x1b[31m")
    JobAttemptFactory.create(failed_job=failed, traceback="\x1b[2J")
    for command in (["list"], ["show", failed.pk]):
        said = shell("failed_jobs", *command).out
        assert "\x1b" not in said
        assert "\\x1b" in said


def test_retry_queues_again_in_the_name_of_whoever_did_it() -> None:
    User.objects.create_user("alice")
    first, second = FailedJobFactory.create_batch(2)
    answer = shell("failed_jobs", "retry", first.pk, second.pk, "--by", "alice")
    batch = Batch.objects.get()
    assert answer == Answer(0, f"2 jobs queued again, in {batch}.\n", "")
    assert OutboxMessage.objects.count() == 2
    assert batch.made_by.startswith("alice, as ")
    assert {entry.user.username for entry in LogEntry.objects.all()} == {"alice"}


def test_without_a_name_the_batch_says_which_user_of_the_system_it_was() -> None:
    failed = FailedJobFactory.create()
    assert shell("failed_jobs", "discard", failed.pk, "--reason", "A test order").code == 0
    batch, entry = Batch.objects.get(), LogEntry.objects.get()
    assert batch.made_by.endswith(" at the shell")
    assert batch.reason == "A test order"
    assert (entry.user.username, entry.user.is_active, entry.user.has_usable_password()) == ("shell", False, False)
    assert FailedJob.objects.get().state == FailedJob.State.DISCARDED


def test_a_user_without_a_name_is_told_by_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nameless)
    shell("failed_jobs", "retry", FailedJobFactory.create().pk)
    assert Batch.objects.get().made_by.startswith(f"uid {os.getuid()}@")


def test_retry_of_all_that_match_leaves_the_others() -> None:
    FailedJobFactory.create_batch(3, kind=FailedJob.Kind.PERMANENT)
    FailedJobFactory.create()
    answer = shell("failed_jobs", "retry", "--all", "--kind", "permanent", "--json")
    assert answer.code == 0
    told = answer.json
    assert list(told) == [
        "batch",
        "action",
        "chosen",
        "reason",
        "made_by",
        "taken",
        "skipped",
        "done_already",
        "without_job",
    ]
    assert (told["taken"], told["chosen"]) == (3, "all at the shell, kind permanent")
    assert OutboxMessage.objects.count() == 3


def test_what_was_left_as_it_was_ends_with_1() -> None:
    failed = FailedJobFactory.create()
    shell("failed_jobs", "retry", failed.pk)
    again = shell("failed_jobs", "retry", failed.pk, 4711)
    assert again.code == 1
    assert "2 skipped: they need no attention, or there are no such jobs." in again.err
    unknown = shell("failed_jobs", "retry", FailedJobFactory.create(queue="orders.send_telegram").pk)
    assert unknown.code == 1
    assert "no job of this release has the queue orders.send_telegram." in unknown.err
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["retry"], "Name the jobs by their ids"),
        (["retry", "1", "--all"], "Name the jobs by their ids"),
        (["retry", "1", "--kind", "permanent"], "leave out --kind"),
        (["retry", "1", "--by", "nobody"], "No user is named nobody."),
        (["discard", "1"], "--reason"),
        (["discard", "1", "--reason", "  "], "--reason is empty"),
        (["show", "4711"], "There is no failed job 4711."),
        (["show", str(2**63)], "is not a number from 1 to"),
        (["list", "--limit", "0"], "is not a number from 1 to 10,000"),
        (["list", "--state", "lost"], "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_said_and_does_nothing(arguments: list[str], sentence: str) -> None:
    FailedJobFactory.create()
    answer = shell("failed_jobs", *arguments)
    assert sentence in answer.err
    assert not Batch.objects.exists()
    assert not User.objects.exists()


def test_status_ends_with_0_if_all_is_well() -> None:
    WorkerFactory.create(pid=4711)
    OutboxMessageFactory.create()
    answer = shell("messaging_status")
    assert answer.code == 0
    assert "outbox    1 waiting since 20" in answer.out
    assert "RabbitMQ  answers" in answer.out
    assert "worker-1:4711" in answer.out
    assert answer.out.endswith("All is well.\n")


def needs_attention() -> None:
    FailedJobFactory.create()


def no_worker() -> None:
    Worker.objects.update(last_seen=timezone.now() - timedelta(minutes=3))


def broker_away() -> None:
    Worker.objects.update(depths={})


def parked() -> None:
    OutboxMessageFactory.create(parked_reason="312 NO_ROUTE", parked_at=timezone.now())


def stuck() -> None:
    OutboxMessageFactory.create(available_at=timezone.now() - timedelta(minutes=12))


def nobody_consumes() -> None:
    Worker.objects.update(depths={"orders.send_confirmation": {"ready": 7, "consumers": 0}})


def mail_server_away() -> None:
    since = (timezone.now() - timedelta(minutes=12)).isoformat()
    Worker.objects.update(paused={"orders.send_confirmation": {"since": since, "reason": "No mail server."}})


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (needs_attention, "1 failed job needs attention."),
        (no_worker, "No worker has reported for 3 minutes"),
        (broker_away, "RabbitMQ answers none of the workers"),
        (parked, "RabbitMQ refuses 1 message in the outbox"),
        (stuck, "The outbox has waited for 12 minutes"),
        (nobody_consumes, "Order confirmation: 7 messages wait, and nobody consumes them."),
        (mail_server_away, "Order confirmation has been paused for 12 minutes: No mail server."),
    ],
)
def test_status_says_what_needs_attention_and_ends_with_1(trouble: Any, sentence: str) -> None:
    WorkerFactory.create()
    trouble()
    answer = shell("messaging_status")
    assert sentence in answer.out
    assert answer.code == 1
    assert [alarm for alarm in shell("messaging_status", "--json").json["alarms"] if sentence in alarm]


def test_a_pause_by_staff_is_told_and_no_alarm() -> None:
    WorkerFactory.create(depths={"orders.send_confirmation": {"ready": 7, "consumers": 0}})
    PausedQueue.objects.create(queue="orders.send_confirmation", reason="The template is wrong.", paused_by="alice")
    PausedQueue.objects.update(paused_at=datetime(2026, 11, 1, tzinfo=UTC))
    answer = shell("messaging_status")
    assert answer.code == 0
    assert "paused by alice since 2026-11-01 00:00:00: The template is wrong." in answer.out


def test_the_keys_of_the_status_stay() -> None:
    WorkerFactory.create()
    told = shell("messaging_status", "--json").json
    assert list(told) == ["moment", "alarms", "broker_answers", "outbox", "queues", "workers"]
    assert set(told["outbox"]) == {"waiting", "waiting_since", "scheduled", "next_due", "parked", "parked_since"}
    [queue] = [queue for queue in told["queues"] if queue["name"] == "orders.send_confirmation"]
    numbers = {"ready", "consumers", "unacked", "workers", "done", "done_last_minute", "needs_attention", "retrying"}
    assert set(queue) == {"name", "title", "pauses", *numbers}
    assert set(told["workers"][0]) == {"host", "pid", "release", "concurrency", "queues", "last_seen", "running"}


@time_machine.travel("2026-11-25 10:00:30Z", tick=False)
def test_programs_read_what_the_last_whole_minute_did_and_which_workers_still_run() -> None:
    now = timezone.now()
    WorkerFactory.create(pid=1, last_seen=now)
    WorkerFactory.create(pid=2, last_seen=now - timedelta(minutes=5))
    for seconds, number in ((10, 3), (60, 2), (120, 1)):
        for _ in range(number):
            ProcessedMessage.objects.create(
                message_id=uuid4(), queue="orders.send_confirmation", processed_at=now - timedelta(seconds=seconds)
            )
    told = shell("messaging_status", "--json").json
    [queue] = [queue for queue in told["queues"] if queue["name"] == "orders.send_confirmation"]
    assert (queue["done_last_minute"], queue["done"]) == (2, 6)
    assert {worker["pid"]: worker["running"] for worker in told["workers"]} == {1: True, 2: False}


def test_watch_looks_again_until_it_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    WorkerFactory.create()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            FailedJobFactory.create()
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    answer = shell("messaging_status", "--watch", "--json")
    alarms = [msgspec.json.decode(line)["alarms"] for line in answer.out.splitlines()]
    assert alarms == [[], [], ["1 failed job needs attention."]]
    assert answer.code == 1


@pytest.mark.parametrize("command", [["messaging_status"], ["failed_jobs", "list"]])
@pytest.mark.parametrize(
    "database", ["nonsense", "postgres://shop:secret@127.0.0.1:1/shop", "sqlite:////tmp/none.sqlite3"]
)
def test_a_monitor_is_told_when_nobody_can_tell(command: list[str], database: str) -> None:
    program = [sys.executable, str(PROJECT / "manage.py"), *command]
    done = subprocess.run(program, env={**os.environ, "DATABASE_URL": database}, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"atabase" in done.stderr or b"DATABASE_URL" in done.stderr
    assert b"Traceback" not in done.stderr
