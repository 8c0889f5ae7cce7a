from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from messaging.models import Batch, FailedJob, OutboxMessage
from tests.factories import FailedJobFactory
from tests.messaging.staff import LIST, discard_of, page_of, retry_of, selection, signed_in

pytestmark = pytest.mark.django_db


def test_alice_presses_retry_on_the_page_of_a_job(alice: Client) -> None:
    failed = FailedJobFactory.create()
    alice.handler.enforce_csrf_checks = True
    form = re.search(
        rf'action="({re.escape(retry_of(failed))})">.*?value="(\w+)"><button>', alice.get(page_of(failed)).text
    )
    assert form
    answer = alice.post(form[1], {"csrfmiddlewaretoken": form[2]}, follow=True)
    assertRedirects(answer, page_of(failed))
    assertContains(answer, "1 job queued again.")
    assertNotContains(answer, "<button>Retry</button>", html=True)
    assert OutboxMessage.objects.count() == 1


def test_alice_retries_two_of_three_jobs_from_the_list(alice: Client) -> None:
    first, second, _ = FailedJobFactory.create_batch(3)
    answer = alice.post(LIST, selection("retry_selected", first, second), follow=True)
    assertContains(answer, "2 jobs queued again.")
    assert OutboxMessage.objects.count() == 2


def test_alice_hears_that_bob_was_faster(alice: Client) -> None:
    # Given a list that Alice opened before Bob retried one of its two jobs
    bobs, another = FailedJobFactory.create_batch(2)
    signed_in("bob", "view_failedjob", "retry_failedjob").post(retry_of(bobs))
    # When Alice retries both
    answer = alice.post(LIST, selection("retry_selected", bobs, another), follow=True)
    # Then she hears what came of each
    assertContains(answer, "1 job queued again.")
    assertContains(answer, "1 skipped, because somebody was faster")
    assert OutboxMessage.objects.count() == 2


def test_alice_hears_which_queue_has_no_job_any_more(alice: Client) -> None:
    failed = FailedJobFactory.create(queue="orders.send_telegram")
    answer = alice.post(retry_of(failed), follow=True)
    assertContains(answer, "1 job not queued: no job of this release has the queue orders.send_telegram.")


def test_a_link_cannot_retry(alice: Client) -> None:
    failed = FailedJobFactory.create()
    answer = alice.get(retry_of(failed))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert not OutboxMessage.objects.exists()


def test_another_site_cannot_retry_in_the_name_of_alice() -> None:
    failed = FailedJobFactory.create()
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("alice"))
    assert client.post(retry_of(failed)).status_code == 403
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("permissions", [[], ["view_failedjob"], ["retry_failedjob"], ["change_failedjob"]])
def test_bob_may_not_retry_without_the_permissions_to_see_and_to_retry(permissions: list[str]) -> None:
    failed = FailedJobFactory.create()
    bob = signed_in("bob", *permissions)
    assert bob.post(retry_of(failed)).status_code == 403
    bob.post(LIST, selection("retry_selected", failed))
    assert not OutboxMessage.objects.exists()


def test_bob_who_may_only_look_is_not_offered_a_retry() -> None:
    failed = FailedJobFactory.create()
    bob = signed_in("bob", "view_failedjob")
    assertNotContains(bob.get(page_of(failed)), "Retry</button>")
    assertNotContains(bob.get(LIST), "Retry 1")
    assertNotContains(bob.get(LIST), "retry_selected")


def test_a_stranger_is_asked_to_sign_in() -> None:
    failed = FailedJobFactory.create()
    assertRedirects(Client().post(retry_of(failed)), f"/admin/login/?next={quote(retry_of(failed))}")
    assert not OutboxMessage.objects.exists()


def test_after_a_retry_the_list_tells_the_attempts_that_count(alice: Client) -> None:
    FailedJobFactory.create(attempts=13, attempts_forgiven=10)
    assertContains(alice.get(LIST), "3 of 10, after 10 before a retry")


def test_alice_retries_everything_on_the_list(alice: Client) -> None:
    FailedJobFactory.create_batch(60)
    left = FailedJobFactory.create(kind=FailedJob.Kind.PERMANENT)
    answer = alice.post(f"{LIST}retry/?kind=used_up", {"seen": "61"}, follow=True)
    batch = Batch.objects.get()
    assertRedirects(answer, f"/admin/messaging/batch/{batch.pk}/change/")
    assertContains(answer, "60 jobs queued again.")
    assertContains(answer, "1 skipped, because somebody was faster")
    assertContains(answer, "needs attention, attempts used up")
    left.refresh_from_db()
    assert (left.state, batch.taken, batch.skipped) == (FailedJob.State.NEEDS_ATTENTION, 60, 1)


def test_alice_retries_a_group(alice: Client) -> None:
    alike = FailedJobFactory.create_batch(3)
    FailedJobFactory.create(error="another error")
    alice.post(f"{LIST}retry/?alike={alike[0].fingerprint}", {"seen": "3"})
    assert Batch.objects.get().failed_jobs.count() == OutboxMessage.objects.count() == 3


def test_alice_selects_everything_and_retries_it(alice: Client) -> None:
    failed = FailedJobFactory.create_batch(60)
    alice.post(LIST, {**selection("retry_selected", failed[0]), "select_across": "1"})
    assert OutboxMessage.objects.count() == 60


def test_the_page_of_a_batch_shows_its_progress_by_itself(alice: Client) -> None:
    failed = FailedJobFactory.create_batch(4)
    page = alice.post(retry_of(*failed), follow=True)
    address = page.redirect_chain[0][0]
    # Given a batch of four, of which nobody has done one yet
    assertContains(page, "<strong>4</strong> waiting for a worker")
    assert page["Refresh"] == f"3; url={address}"
    # When three are done and one fails again
    FailedJob.objects.exclude(pk=failed[0].pk).update(state=FailedJob.State.RESOLVED)
    FailedJob.objects.filter(pk=failed[0].pk).update(state=FailedJob.State.RETRYING)
    page = alice.get(address)
    assertContains(page, "<strong>3</strong> done")
    assertContains(page, "<strong>1</strong> failed again, will be tried again")
    # Then whoever reads slowly can stop the page
    assertContains(page, '<a href="?still">')
    assert "Refresh" not in alice.get(f"{address}?still")
    # And it stops by itself when nothing moves any more
    FailedJob.objects.filter(pk=failed[0].pk).update(state=FailedJob.State.NEEDS_ATTENTION)
    page = alice.get(address)
    assertContains(page, "Nothing is under way any more.")
    assert "Refresh" not in page
    # And tells of those that another batch has taken
    alice.post(retry_of(failed[0]))
    assertContains(alice.get(address), "1 no longer here")
    # And links to what it did
    first = Batch.objects.earliest("pk")
    assertContains(alice.get(f"{LIST}?batch={first.pk}&state=resolved"), "3 failed jobs")


def test_alice_is_asked_why_she_discards(alice: Client) -> None:
    failed = FailedJobFactory.create_batch(2)
    assertContains(alice.get(discard_of(*failed)), "Discard 2 jobs?")
    assertContains(alice.post(discard_of(*failed), {"reason": "  "}), "Say why")
    assert not Batch.objects.exists()
    answer = alice.post(discard_of(*failed), {"reason": "Test orders", "seen": "2"}, follow=True)
    assertContains(answer, "2 jobs discarded.")
    assertContains(answer, "Reason: Test orders")
    assert set(FailedJob.objects.values_list("state", flat=True)) == {FailedJob.State.DISCARDED}
    assert LogEntry.objects.filter(change_message__endswith=": Test orders").count() == 2


def test_alice_discards_from_the_list_and_from_the_page(alice: Client) -> None:
    failed = FailedJobFactory.create()
    assertRedirects(alice.post(LIST, selection("discard_selected", failed)), discard_of(failed).replace(",", "%2C"))
    assertContains(alice.get(page_of(failed)), discard_of(failed))
    answer = alice.post(discard_of(failed), {"reason": "A test order"}, follow=True)
    assertRedirects(answer, page_of(failed))
    assertContains(answer, "1 job discarded.")


@pytest.mark.parametrize("permissions", [[], ["view_failedjob"], ["view_failedjob", "retry_failedjob"]])
def test_bob_may_not_discard_without_the_permission(permissions: list[str]) -> None:
    failed = FailedJobFactory.create()
    bob = signed_in("bob", *permissions)
    for answer in (bob.get(discard_of(failed)), bob.post(discard_of(failed), {"reason": "because"})):
        assert answer.status_code == 403
    assert not Batch.objects.exists()


@pytest.mark.parametrize("query", ["ids=", "ids=x", "ids=1,,2", "ids=" + "9" * 40, "last_failed_at__year=x"])
def test_nonsense_in_an_address_is_refused(alice: Client, query: str) -> None:
    FailedJobFactory.create()
    assert alice.post(f"{LIST}retry/?{query}").status_code == 400
    assert not OutboxMessage.objects.exists()


def test_a_job_that_is_gone_is_not_found(alice: Client) -> None:
    assert alice.post(f"{LIST}retry/?ids=4711").status_code == 404


def test_each_page_about_a_batch_takes_few_queries(alice: Client) -> None:
    failed = FailedJobFactory.create_batch(30)
    for action in ("retry_selected", "retry_selected"):
        alice.post(LIST, selection(action, *failed))
    batch = Batch.objects.earliest("pk")
    left = FailedJobFactory.create_batch(3)
    for address in ("/admin/messaging/batch/", f"/admin/messaging/batch/{batch.pk}/change/", discard_of(*left)):
        with CaptureQueriesContext(connection) as queries:
            assert alice.get(address).status_code == 200
        assert len(queries) <= 15, address


def test_alice_is_led_from_one_job_to_its_batch(alice: Client) -> None:
    failed = FailedJobFactory.create()
    page = alice.post(retry_of(failed), follow=True)
    batch = Batch.objects.get()
    assertContains(page, f'1 job queued again. <a href="/admin/messaging/batch/{batch.pk}/change/">Show {batch}</a>')


def test_bob_who_may_not_see_batches_stays_on_the_list() -> None:
    failed = FailedJobFactory.create_batch(2)
    bob = signed_in("bob", "view_failedjob", "retry_failedjob")
    answer = bob.post(retry_of(*failed), follow=True)
    assertRedirects(answer, LIST + "?")
    assertContains(answer, "2 jobs queued again.")
    assertNotContains(answer, "Show batch")
