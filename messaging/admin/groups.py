"""Failed jobs that failed alike, as one line: "1,214 x SMTPRecipientsRefused in Order confirmation since 10:02"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, QuerySet

from messaging import preview
from messaging.admin.rows import title_of
from messaging.models import FailedJob

#: Groups in the list. Who has more kinds of failure than this begins with the largest.
MOST = 8
#: Characters of the example.
EXAMPLE = 120


@dataclass(frozen=True)
class Group:
    count: int
    since: datetime
    example: FailedJob
    query: str

    @property
    def number(self) -> str:
        return f"{self.count:,}"

    @property
    def error(self) -> str:
        return error_name(self.example)

    @property
    def job(self) -> str:
        return title_of(self.example.queue)

    @property
    def line(self) -> str:
        text = self.example.error.removeprefix(f"{self.error}: ")
        return preview.in_a_line(text, longest=EXAMPLE)


def alike(failed_jobs: QuerySet[FailedJob], *, address: Callable[[str], str]) -> list[Group]:
    """The largest groups of two or more, in two queries. `address` gives the query string that shows one alone."""
    found = list(
        failed_jobs.exclude(fingerprint="")
        .order_by()
        .values("fingerprint")
        .annotate(count=Count("*"), since=Min("last_failed_at"), newest=Max("pk"))
        .filter(count__gt=1)
        .order_by("-count", "fingerprint")[:MOST]
    )
    examples = FailedJob.objects.only("queue", "error_class", "error").in_bulk([group["newest"] for group in found])
    return [
        Group(group["count"], group["since"], examples[group["newest"]], query=address(group["fingerprint"]))
        for group in found
        if group["newest"] in examples
    ]


def error_name(failed: FailedJob) -> str:
    """The error without its module, which says little to staff."""
    return preview.visible(failed.error_class.rpartition(".")[2]) or failed.get_kind_display()
