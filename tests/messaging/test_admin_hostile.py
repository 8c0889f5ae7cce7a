from __future__ import annotations

import json

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from messaging.models import Batch
from tests.factories import FailedJobFactory, JobAttemptFactory
from tests.messaging.staff import HOSTILE, LIST, discard_of, page_of, retry_of

pytestmark = pytest.mark.django_db


def test_html_from_outside_is_shown_and_not_run(alice: Client) -> None:
    failed = FailedJobFactory.create(
        queue=HOSTILE,
        error=HOSTILE,
        error_class=HOSTILE,
        body=HOSTILE.encode(),
        headers={HOSTILE: HOSTILE},
        type=HOSTILE,
        subject=HOSTILE,
    )
    FailedJobFactory.create(queue=HOSTILE, error=HOSTILE, error_class=HOSTILE)
    JobAttemptFactory.create(failed_job=failed, error_class=HOSTILE, error_text=HOSTILE, traceback=HOSTILE)
    for url in (LIST, page_of(failed)):
        page = alice.get(url)
        assertNotContains(page, HOSTILE)
        assertContains(page, "&lt;script&gt;")
    assertNotContains(alice.post(retry_of(failed), follow=True), HOSTILE)
    # And what staff wrote is no better
    page = alice.post(discard_of(failed), {"reason": f"{HOSTILE}"}, follow=True)
    assertContains(page, "in batch")
    for url in (page_of(failed), f"/admin/messaging/batch/{Batch.objects.latest('pk').pk}/change/"):
        assertNotContains(alice.get(url), HOSTILE)
        assertContains(alice.get(url), "&lt;script&gt;")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "It is empty."),
        (b"\x00\xff\x80", r"\x00\xff\x80"),
        (b"null\x00byte", r"null\x00byte"),
        (b'{"a": "\xff"}', r"{&quot;a&quot;: &quot;\xff&quot;}"),
        (b"[" * 100_000, "Not JSON. Cut after 20,000 of 100,000 characters."),
        ('{"to": "\u202egnp.exe"}'.encode(), r"\u202egnp.exe"),
        (rb'{"half": "\ud800"}', "ud800"),
    ],
)
def test_bytes_that_are_no_message_are_shown_harmlessly(alice: Client, body: bytes, shown: str) -> None:
    page = alice.get(page_of(FailedJobFactory.create(body=body)))
    assertContains(page, shown)
    assert not {0, 0x1B} & set(page.content)


@pytest.mark.parametrize("body", [b"x" * 5_000_000, b"\xff" * 5_000_000, json.dumps(["x" * 100] * 50_000).encode()])
def test_five_megabytes_make_a_small_page(alice: Client, body: bytes) -> None:
    failed = FailedJobFactory.create(body=body, error="y" * 5_000_000)
    JobAttemptFactory.create(failed_job=failed, error_text="z" * 5_000_000, traceback="t" * 5_000_000 + "the end")
    page = alice.get(page_of(failed))
    assertContains(page, "Cut after 20,000 ")
    assertContains(page, "the end")
    assertContains(page, "Cut after 20,000 of 5,000,000 characters.")
    assertContains(page, "Only the last 20,000 of 5,000,007 characters.")
    assert len(page.content) < 300_000
    assert len(alice.get(LIST).content) < 50_000
