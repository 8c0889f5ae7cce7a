"""Retry and discard: of one job, of a selection, of a group, or of everything that a list shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from messaging import preview, repair
from messaging.admin.rows import MessageModelAdmin, attach, jobs_in_words, sentence
from messaging.models import Batch, FailedJob

#: Primary keys that a link may name: a page of the list, and some more.
MOST_SELECTED = 500


@dataclass(frozen=True)
class Chosen:
    failed_jobs: QuerySet[FailedJob]
    words: str
    count: int
    #: The one job that it is, if it is one.
    only: FailedJob | None = None


class Repairs(MessageModelAdmin):
    """For FailedJobAdmin. The part of an address after "?" says what was chosen, as the list's own addresses do."""

    def repair_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("retry/", view(require_POST(self.retry)), name="messaging_failedjob_retry"),
            path(
                "discard/",
                view(require_http_methods(["GET", "POST"])(self.discard)),
                name="messaging_failedjob_discard",
            ),
        ]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("messaging.retry_failedjob")

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("messaging.discard_failedjob")

    def repairs_allowed(self, request: HttpRequest) -> dict[str, bool]:
        return {
            "can_retry": self.has_retry_permission(request),
            "can_discard": self.has_discard_permission(request),
        }

    def retry(self, request: HttpRequest) -> HttpResponse:
        if not self.has_retry_permission(request):
            raise PermissionDenied
        chosen = self._chosen(request)
        batch = repair.retry(
            chosen.failed_jobs, by=cast("User", request.user), chosen=chosen.words, expected=seen(request, chosen)
        )
        return self._told(request, batch, chosen)

    def discard(self, request: HttpRequest) -> HttpResponse:
        """Asks for a reason; with one, does it."""
        if not self.has_discard_permission(request):
            raise PermissionDenied
        chosen = self._chosen(request)
        reason = " ".join(request.POST.get("reason", "").split())
        if request.method == "POST" and reason:
            batch = repair.discard(
                chosen.failed_jobs,
                by=cast("User", request.user),
                reason=reason[:255],
                chosen=chosen.words,
                expected=seen(request, chosen),
            )
            return self._told(request, batch, chosen)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Discard {jobs_in_words(chosen.count)}?",
            "chosen": chosen,
            "missing": request.method == "POST",
            "media": self.media,
            "back": self._back(chosen, request),
        }
        return TemplateResponse(request, "admin/messaging/failedjob/discard.html", context)

    @admin.action(description="Retry selected failed jobs", permissions=["retry"])
    def retry_selected(self, request: HttpRequest, failed_jobs: QuerySet[FailedJob]) -> HttpResponse:
        request.GET = self._selection(request)
        return self.retry(request)

    @admin.action(description="Discard selected failed jobs…", permissions=["discard"])
    def discard_selected(self, request: HttpRequest, failed_jobs: QuerySet[FailedJob]) -> HttpResponse:
        address = reverse("admin:messaging_failedjob_discard")
        return redirect(f"{address}?{self._selection(request).urlencode()}")

    def _selection(self, request: HttpRequest) -> Any:
        """The list's address if everything on it was selected, else that of the rows alone.

        Not the list's filters then: they hide what somebody else has taken meanwhile. It was selected: it is to count.
        """
        query = request.GET.copy()
        if request.POST.get("select_across") != "1":
            query.clear()
            query["ids"] = ",".join(request.POST.getlist(ACTION_CHECKBOX_NAME))
        return query

    def _chosen(self, request: HttpRequest) -> Chosen:
        if "ids" in request.GET:
            pks = primary_keys(request.GET["ids"])
            failed_jobs = FailedJob.objects.filter(pk__in=pks)
            if len(pks) > 1:
                return Chosen(failed_jobs, f"{len(pks):,} selected", len(pks))
            only = get_object_or_404(failed_jobs.defer("body", "headers", "error"))
            attach([only], self.admin_site, request)
            return Chosen(failed_jobs, sentence(only), 1, only)
        try:
            shown: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise BadRequest("These filters make no sense.") from error
        return Chosen(shown.queryset, shown.in_words(), shown.result_count)

    def _told(self, request: HttpRequest, batch: Batch, chosen: Chosen) -> HttpResponseRedirect:
        """Say what came of it, on the page of the one job, or of the batch."""
        tell(request, batch, linked=chosen.only is not None)
        if chosen.only or not request.user.has_perm("messaging.view_batch"):
            return redirect(self._back(chosen, request))
        return redirect("admin:messaging_batch_change", batch.pk)

    def _back(self, chosen: Chosen, request: HttpRequest) -> str:
        if chosen.only:
            filters: Any = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
            page = reverse("admin:messaging_failedjob_change", args=[chosen.only.pk])
            return str(add_preserved_filters(filters, page))
        query = {key: value for key, value in request.GET.items() if key != "ids"}
        return f"{reverse('admin:messaging_failedjob_changelist')}?{urlencode(query)}"


def tell(request: HttpRequest, batch: Batch, *, linked: bool = True) -> None:
    """Say what came of a batch, on the next page; with a link to the batch's own, if that is another one."""
    if batch.taken:
        done = "queued again" if batch.action == Batch.Action.RETRY else "discarded"
        page = reverse("admin:messaging_batch_change", args=[batch.pk])
        link = linked and request.user.has_perm("messaging.view_batch")
        show = format_html(' <a href="{}">Show {}</a>', page, batch) if link else ""
        messages.success(request, format_html("{} {}.{}", jobs_in_words(batch.taken), done, show))
    if batch.skipped:
        messages.warning(request, f"{batch.skipped:,} skipped, because somebody was faster.")
    for reason, count in batch.done_already.items():
        messages.info(request, f"{jobs_in_words(count)} not queued: {reason}.")
    for queue, count in batch.without_job.items():
        name = preview.visible(queue) or "without a name"
        messages.error(request, f"{jobs_in_words(count)} not queued: no job of this release has the queue {name}.")


def primary_keys(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) > MOST_SELECTED or not all(part.isdecimal() and len(part) < 19 for part in parts):
        raise BadRequest("These are no failed jobs.")
    return sorted({int(part) for part in parts})


def seen(request: HttpRequest, chosen: Chosen) -> int:
    """How many jobs the person saw when they pressed the button."""
    number = request.POST.get("seen", "")
    return int(number) if number.isdecimal() and len(number) < 10 else chosen.count
