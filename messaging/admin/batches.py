from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from messaging import preview
from messaging.admin.live import STILL, keep_fresh
from messaging.admin.rows import MessageAdmin, jobs_in_words, short
from messaging.models import Batch, FailedJob

#: States of a batch's jobs, in the order of the bar on its page, and what each means there.
MEANINGS = {
    FailedJob.State.RESOLVED: "done",
    FailedJob.State.DISCARDED: "discarded",
    FailedJob.State.RETRIED: "waiting for a worker",
    FailedJob.State.RETRYING: "failed again, will be tried again",
    FailedJob.State.NEEDS_ATTENTION: "need attention again",
}


@dataclass(frozen=True)
class Part:
    state: str
    meaning: str
    count: int
    #: Percent of the bar: where it begins, and how much of it there is.
    begins: float
    width: float

    @property
    def number(self) -> str:
        return f"{self.count:,}"


@dataclass(frozen=True)
class Progress:
    """Of a batch: how far its jobs have come."""

    batch: Batch
    counts: Counter[str]

    @classmethod
    def of(cls, batch: Batch) -> Progress:
        rows = batch.failed_jobs.values_list("state").annotate(number=Count("*"))
        return cls(batch, Counter(dict(rows)))

    @property
    def parts(self) -> Iterator[Part]:
        total, begins = max(1, self.counts.total()), 0.0
        for state, meaning in MEANINGS.items():
            if count := self.counts[state]:
                width = round(100 * count / total, 3)
                yield Part(state, meaning, count, round(begins, 3), width)
                begins += width

    @property
    def moving(self) -> bool:
        return bool(self.counts[FailedJob.State.RETRIED] or self.counts[FailedJob.State.RETRYING])

    @property
    def elsewhere(self) -> int:
        """Jobs that a later batch has taken, or that have been deleted since."""
        done_already: dict[str, int] = self.batch.done_already
        return max(0, self.batch.taken + sum(done_already.values()) - self.counts.total())


@admin.register(Batch)
class BatchAdmin(MessageAdmin):
    list_display = ["what", "selection", "made_by", "made", "reason"]
    list_filter = ["action"]
    search_fields = ["chosen", "made_by", "reason"]
    ordering = ["-pk"]
    fields = ()
    change_form_template = "admin/messaging/batch/page.html"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        batch: Batch = context["original"]
        progress = Progress.of(batch)
        context |= {
            "title": in_words(batch),
            "subtitle": None,
            "progress": progress,
            "chosen": self.selection(batch),
            "still": STILL in request.GET,
        }
        response = super().render_change_form(request, context, *args, **kwargs)
        return keep_fresh(request, response, while_=progress.moving)

    @admin.display(description="batch", ordering="pk")
    def what(self, batch: Batch) -> str:
        return in_words(batch)

    @admin.display(description="chosen", ordering="chosen")
    def selection(self, batch: Any) -> str:
        """What was chosen. Whoever searched for a customer's address may have written it here."""
        return preview.without_addresses(batch.chosen) if batch.addresses_hidden else str(batch.chosen)

    @admin.display(description="when", ordering="made_at")
    def made(self, batch: Batch) -> str:
        return short(batch.made_at)


def in_words(batch: Batch) -> str:
    done = "queued again" if batch.action == Batch.Action.RETRY else "discarded"
    return format_html("{} {}", jobs_in_words(batch.taken), done)
