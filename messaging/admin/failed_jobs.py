from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.views.decorators.http import require_GET

from messaging import preview
from messaging.admin.counted import CountedFilter, CountedList, CountedPaginator, NarrowFilter
from messaging.admin.failed_job_page import describe
from messaging.admin.groups import alike, error_name
from messaging.admin.repairs import Repairs
from messaging.admin.rows import MessageAdmin, may_see_addresses, sentence, short, title_of
from messaging.admin.search import search
from messaging.jobs import registered
from messaging.models import SEARCHED, FailedJob

#: Characters of an error in the list, and of the text that appears when the pointer rests on it.
ERROR_IN_LIST, ERROR_IN_TITLE = 120, SEARCHED


class StateFilter(CountedFilter):
    """Opens the list with what needs attention."""

    title, parameter_name, default = "state", "state", FailedJob.State.NEEDS_ATTENTION

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        order = dict.fromkeys([FailedJob.State.NEEDS_ATTENTION, *FailedJob.State])
        return [(state.value, state.label) for state in order]


class KindFilter(CountedFilter):
    title, parameter_name = "kind of failure", "kind"

    def label(self, value: str) -> str:
        return kind_in_a_word(value)


class JobFilter(CountedFilter):
    title, parameter_name = "job", "queue"

    def label(self, value: str) -> str:
        return title_of(value)


class AlikeFilter(NarrowFilter):
    title, parameter_name = "error", "alike"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(fingerprint=self.value()) if self.value() is not None else queryset

    def describe(self, value: str) -> str:
        example = FailedJob.objects.filter(fingerprint=value).defer("body", "headers").order_by("-pk").first()
        return f"{error_name(example)} in {title_of(example.queue)}" if example else "an error that is gone"


class BatchFilter(NarrowFilter):
    title, parameter_name = "batch", "batch"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(batch=int(value)) if value.isdecimal() and len(value) < 19 else queryset.none()

    def describe(self, value: str) -> str:
        return f"batch {value}"


class FailedJobList(CountedList):
    counted = ("state", "kind", "queue")

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.waiting = self.chosen().get("state") == FailedJob.State.NEEDS_ATTENTION and self.result_count > 0
        self.number = f"{self.result_count:,}"
        offered = self.waiting and "alike" not in self.params
        self.groups = alike(self.queryset, address=self._address_of_group) if offered else []
        if not may_see_addresses(request):
            for group in self.groups:
                group.example.error = preview.without_addresses(group.example.error)
            for each in self.result_list:
                each.error_start = preview.without_addresses(each.error_start)

    def _address_of_group(self, fingerprint: str) -> str:
        return self.get_query_string({"alike": fingerprint})


@admin.register(FailedJob)
class FailedJobAdmin(Repairs, MessageAdmin):
    list_display = ["job", "about", "error_line", "attempts_made", "last_failed", "what_next"]
    list_filter = [StateFilter, KindFilter, JobFilter, AlikeFilter, BatchFilter]
    search_fields = ["searched"]
    search_help_text = "Order number, customer's name or e-mail, message id, or words of the error"
    date_hierarchy = "last_failed_at"
    paginator = CountedPaginator
    ordering = ["-last_failed_at"]
    actions = ["retry_selected", "discard_selected"]
    readonly_fields = [
        "job",
        "about",
        "what_next",
        "failure",
        "error_text",
        "attempts_made",
        "first_failed_at",
        "last_failed_at",
        "batch",
    ]
    fields = [*readonly_fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FailedJob]:
        rows: QuerySet[FailedJob] = super().get_queryset(request).defer("body", "headers", "error")
        return rows.annotate(error_start=Left("error", ERROR_IN_TITLE))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FailedJobList

    def get_urls(self) -> list[URLPattern]:
        raw = self.admin_site.admin_view(require_GET(self.raw_body))
        return [*self.repair_urls(), path("<int:pk>/body/", raw, name="messaging_failedjob_body"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        words = search_term.strip()
        return (search(queryset, words, site=self.admin_site, request=request) if words else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": "Failed jobs", **self.repairs_allowed(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context |= describe(context["original"])
        context |= {
            "title": sentence(context["original"]),
            "subtitle": None,
            **self.repairs_allowed(request),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def raw_body(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes as they came, to be saved: nothing that a browser would open here."""
        if not (self.has_view_permission(request) and may_see_addresses(request)):
            raise PermissionDenied
        failed = get_object_or_404(FailedJob.objects.only("message_id", "body"), pk=pk)
        name = f'attachment; filename="{failed.message_id}.bin"'
        return HttpResponse(
            bytes(failed.body), content_type="application/octet-stream", headers={"Content-Disposition": name}
        )

    @admin.display(description="job", ordering="queue")
    def job(self, failed: FailedJob) -> str:
        return format_html('{} <span class="queue">{}</span>', sentence(failed), preview.visible(failed.queue))

    @admin.display(description="failure", ordering="fingerprint")
    def error_line(self, failed: Any) -> str:
        line = preview.in_a_line(failed.error_start, longest=ERROR_IN_LIST)
        error = format_html('<span title="{}">{}</span>', preview.visible(failed.error_start), line)
        return format_html("{} {}", self.failure(failed), error)

    @admin.display(description="error")
    def error_text(self, failed: FailedJob) -> str:
        shown = preview.of_text(failed.error)
        if getattr(failed, "addresses_hidden", True):
            shown = shown.without_addresses()
        return f"{shown.text}\n{shown.note}".strip()

    @admin.display(ordering="kind")
    def failure(self, failed: FailedJob) -> str:
        """With a sign of its own, so that nobody depends on reading it; never by colour alone."""
        return format_html('<span class="kind kind-{}">{}</span>', failed.kind, kind_in_a_word(failed.kind))

    @admin.display(description="failed", ordering="last_failed_at")
    def last_failed(self, failed: FailedJob) -> str:
        return short(failed.last_failed_at)

    @admin.display(description="state", ordering="next_attempt_at")
    def what_next(self, failed: FailedJob) -> str:
        state = format_html('<span class="state state-{}">{}</span>', failed.state, failed.get_state_display())
        if failed.state != FailedJob.State.RETRYING or failed.next_attempt_at is None:
            return state
        return format_html("{} next {}", state, short(failed.next_attempt_at))

    @admin.display(description="attempts", ordering="attempts")
    def attempts_made(self, failed: FailedJob) -> str:
        job = registered().get(failed.queue)
        counted = failed.attempts - failed.attempts_forgiven
        words = f"{counted} of {job.retry.attempts}" if job else f"{counted}"
        return f"{words}, after {failed.attempts_forgiven} before a retry" if failed.attempts_forgiven else words


def kind_in_a_word(kind: str) -> str:
    """The kind without its explanation, which the job's own page gives."""
    label = dict(FailedJob.Kind.choices).get(kind, kind)
    return str(label).partition(":")[0]
