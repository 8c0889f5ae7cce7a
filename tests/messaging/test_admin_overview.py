from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from messaging.models import PausedQueue, ProcessedMessage, Worker
from tests.factories import FailedJobFactory, OutboxMessageFactory, WorkerFactory
from tests.messaging.staff import HOSTILE, signed_in

pytestmark = pytest.mark.django_db

OVERVIEW, INDEX = "/admin/messaging/worker/", "/admin/"
QUEUE = "orders.send_confirmation"
PAUSE, RESUME = (f"{OVERVIEW}{verb}/?queue={QUEUE}" for verb in ("pause", "resume"))


def test_alice_sees_what_waits_what_failed_and_who_works(alice: Client) -> None:
    now = timezone.now()
    WorkerFactory.create(
        host="worker-7", release="2026.12", depths={QUEUE: {"ready": 1280, "consumers": 2}}, in_hand={QUEUE: 5}
    )
    FailedJobFactory.create_batch(3)
    OutboxMessageFactory.create_batch(2, available_at=now - timedelta(minutes=4))
    for _ in range(4):
        ProcessedMessage.objects.create(message_id=uuid4(), queue=QUEUE)
    page = alice.get(OVERVIEW)
    assertContains(page, '<td class="number" data-label="Ready">1,280</td>', html=True)
    assertContains(page, '<td class="number" data-label="In hand">5</td>', html=True)
    assertContains(page, '<td class="number" data-label="Consumers">2</td>', html=True)
    for words in ["worker-7", "2026.12", "4 minutes", "3<span", "4 in the last hour, at most 4 in a minute"]:
        assertContains(page, words)
    assertContains(page, '<rect x="177" y="0.0" width="2" height="24.0"/>')
    assertContains(page, f'href="/admin/messaging/failedjob/?queue={QUEUE}"')


def test_the_overview_opens_no_connection_to_rabbitmq_and_takes_few_queries(alice: Client) -> None:
    with CaptureQueriesContext(connection) as for_nothing:
        alice.get(OVERVIEW)
    WorkerFactory.create_batch(5)
    FailedJobFactory.create_batch(5)
    OutboxMessageFactory.create_batch(5)
    alice.post(PAUSE, {"reason": "because"})
    bob = signed_in("bob", "view_worker", "view_failedjob", "view_outboxmessage", "pause_queue")
    for who in (alice, bob):
        with CaptureQueriesContext(connection) as for_much:
            who.get(OVERVIEW)
        assert len(for_much) <= 15
    with CaptureQueriesContext(connection) as for_index:
        alice.get(INDEX)
    assert len(for_nothing) <= 15
    assert len(for_index) <= 15


def test_when_no_worker_runs_alice_reads_that_nothing_is_lost(alice: Client) -> None:
    WorkerFactory.create(last_seen=timezone.now() - timedelta(minutes=3, seconds=5))
    OutboxMessageFactory.create()
    for address in (OVERVIEW, INDEX):
        page = alice.get(address)
        assertContains(page, "No worker has reported for 3 minutes: e-mails are waiting, none is lost.")
    assertContains(alice.get(OVERVIEW), "gone</span>")
    assertContains(alice.get(OVERVIEW), '<span class="unknown">unknown</span>')


def test_the_index_tells_in_a_line_what_matters_and_leads_on(alice: Client) -> None:
    WorkerFactory.create()
    FailedJobFactory.create_batch(2)
    OutboxMessageFactory.create(available_at=timezone.now() - timedelta(minutes=7))
    page = alice.get(INDEX)
    assertContains(
        page, '<a href="/admin/messaging/failedjob/"><strong>2</strong> failed jobs need attention</a>', html=True
    )
    assertContains(page, '<a href="/admin/messaging/worker/"><strong>1</strong> message under way</a>', html=True)
    assertContains(page, "unsent for up to 7 minutes")


def test_bob_who_may_not_see_the_workers_is_told_nothing_of_them() -> None:
    WorkerFactory.create(host="worker-7")
    bob = signed_in("bob", "view_failedjob")
    assert bob.get(OVERVIEW).status_code == 403
    assertNotContains(bob.get(INDEX), "under way")


def test_the_overview_looks_again_by_itself_until_its_reader_minds(alice: Client) -> None:
    page = alice.get(OVERVIEW)
    assert page["Refresh"] == f"5; url={OVERVIEW}"
    assertContains(page, '<a href="?still">')
    assert "Refresh" not in alice.get(f"{OVERVIEW}?still")


def test_alice_pauses_a_queue_with_a_reason_and_resumes_it(alice: Client) -> None:
    assertContains(alice.get(OVERVIEW), f'href="{PAUSE}"')
    assertContains(alice.get(PAUSE), "Pause Order confirmation?")
    assertContains(alice.post(PAUSE, {"reason": "  "}), "Say why")
    assert not PausedQueue.objects.exists()

    page = alice.post(PAUSE, {"reason": "The letter is wrong"}, follow=True)
    assertRedirects(page, OVERVIEW)
    assertContains(page, "Order confirmation is paused. Workers obey within three seconds.")
    assertContains(page, "by alice: The letter is wrong")
    assertNotContains(page, f'href="{PAUSE}"')
    assert PausedQueue.objects.get().paused_by == "alice"

    page = alice.post(RESUME, follow=True)
    assertContains(page, "Order confirmation goes on.")
    assert not PausedQueue.objects.exists()
    # And both are on the record
    for words in ["Paused: The letter is wrong", "Resumed."]:
        assertContains(page, words)
    assert LogEntry.objects.count() == 2


def test_alice_hears_that_bob_was_faster(alice: Client) -> None:
    bob = signed_in("bob", "view_worker", "pause_queue")
    bob.post(PAUSE, {"reason": "The letter is wrong"})
    assertContains(alice.post(PAUSE, {"reason": "Lunch"}, follow=True), "was paused already: somebody was faster")
    bob.post(RESUME)
    assertContains(alice.post(RESUME, follow=True), "was not paused any more: somebody was faster")


def test_a_link_cannot_resume_and_another_site_can_do_nothing(alice: Client) -> None:
    PausedQueue.objects.create(queue=QUEUE, reason="The letter is wrong", paused_by="bob")
    assert alice.get(RESUME).status_code == 405
    alice.handler.enforce_csrf_checks = True
    assert alice.post(RESUME).status_code == 403
    PausedQueue.objects.all().delete()
    assert alice.post(PAUSE, {"reason": "Mallory"}).status_code == 403
    assert not PausedQueue.objects.exists()


@pytest.mark.parametrize("permissions", [[], ["view_worker"], ["pause_queue"]])
def test_bob_may_not_pause_without_the_permissions_to_see_and_to_pause(permissions: list[str]) -> None:
    bob = signed_in("bob", *permissions)
    assert bob.get(PAUSE).status_code == bob.post(PAUSE, {"reason": "Lunch"}).status_code == 403
    PausedQueue.objects.create(queue=QUEUE, reason="The letter is wrong", paused_by="alice")
    assert bob.post(RESUME).status_code == 403
    assert PausedQueue.objects.exists()
    if "view_worker" in permissions:
        assertNotContains(bob.get(OVERVIEW), "Resume<")


def test_a_queue_that_does_not_exist_cannot_be_paused_but_one_of_an_old_release_can_be_resumed(alice: Client) -> None:
    address = f"{OVERVIEW}pause/?queue=orders.send_telegram"
    for nowhere in (address, f"{OVERVIEW}pause/?queue=%00", f"{OVERVIEW}pause/"):
        assert alice.post(nowhere, {"reason": "because"}).status_code == 404
    PausedQueue.objects.create(queue="orders.send_telegram", reason="Too slow", paused_by="bob")
    assertContains(alice.get(OVERVIEW), "orders.send_telegram")
    alice.post(address.replace("pause/", "resume/"))
    assert not PausedQueue.objects.exists()


def test_nobody_adds_changes_or_deletes_a_worker(alice: Client) -> None:
    worker = WorkerFactory.create(depths={QUEUE: {"ready": 3, "consumers": 1}})
    assertContains(alice.get(f"{OVERVIEW}{worker.pk}/change/"), "&quot;ready&quot;: 3")
    for address in (f"{OVERVIEW}add/", f"{OVERVIEW}{worker.pk}/change/", f"{OVERVIEW}{worker.pk}/delete/"):
        assert alice.post(address, {"post": "yes"}).status_code == 403
    assert Worker.objects.count() == 1


def test_what_strangers_wrote_is_shown_harmlessly(alice: Client) -> None:
    since = timezone.now().isoformat()
    reason = f"421 {HOSTILE} \u202egnp.exe\x1b {'x' * 100_000}"
    worker = WorkerFactory.create(
        host=HOSTILE, release=HOSTILE, queues=[QUEUE, HOSTILE], paused={QUEUE: {"since": since, "reason": reason}}
    )
    PausedQueue.objects.create(queue=HOSTILE, reason=HOSTILE, paused_by=HOSTILE)
    OutboxMessageFactory.create(type=HOSTILE, subject=HOSTILE, queue=HOSTILE)
    for address in (OVERVIEW, INDEX, f"{OVERVIEW}{worker.pk}/change/", f"{OVERVIEW}pause/?queue={HOSTILE}"):
        page = alice.get(address)
        assertNotContains(page, HOSTILE)
        assertContains(page, "&lt;script&gt;")
        assert "\u202e" not in page.text
        assert not {0, 0x1B} & set(page.content)
    for address in (OVERVIEW, INDEX):
        assert len(alice.get(address).content) < 50_000
