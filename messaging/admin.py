from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from messaging import preview, repair
from messaging.jobs import registered
from messaging.models import FailedJob, OutboxMessage
from messaging.subjects import links

if TYPE_CHECKING:
    MessageModelAdmin = admin.ModelAdmin[Any]
else:  # Django's classes take no type arguments at run time
    MessageModelAdmin = admin.ModelAdmin

#: Characters of an error in the list, and of the text that appears when the pointer rests on it.
ERROR_IN_LIST, ERROR_IN_TITLE = 120, 2000
#: Attempts on a failed job's page. Ten are usual; who presses Retry for a week makes more.
ATTEMPTS_SHOWN = 50


class StateFilter(admin.SimpleListFilter):
    """Opens the list with what needs attention."""

    title = "state"
    parameter_name = "state"
    everything = "all"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        order = [FailedJob.State.NEEDS_ATTENTION, *FailedJob.State]
        return [*((state.value, state.label) for state in dict.fromkeys(order)), (self.everything, "all")]

    def value(self) -> str:
        return super().value() or FailedJob.State.NEEDS_ATTENTION

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        _without_parameter, *choices = super().choices(changelist)
        yield from choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() == self.everything else queryset.filter(state=self.value())


class MessageList(ChangeList):
    """A page of messages or failed jobs, with the objects that they are about."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attach_links(self.result_list, self.model_admin.admin_site, request)


class MessageAdmin(MessageModelAdmin):
    """What was sent and what became of it: to look at."""

    show_full_result_count = False
    list_per_page = 50

    class Media:
        css = {"all": ["messaging/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MessageList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            attach_links([row], self.admin_site, request)
        return row

    @admin.display(description="about", ordering="subject")
    def about(self, row: Any) -> str | None:
        return row.subject_link or preview.in_a_line(row.subject, longest=ERROR_IN_LIST) or None


@admin.register(FailedJob)
class FailedJobAdmin(MessageAdmin):
    list_display = ["job", "about", "error_line", "failure", "attempts_made", "last_failed", "what_next"]
    list_filter = [StateFilter, "kind", "queue"]
    search_fields = ["message_id", "subject", "error"]
    search_help_text = "Message id, subject (orders.order/42) or words of the error"
    date_hierarchy = "last_failed_at"
    ordering = ["-last_failed_at"]
    actions = ["retry_selected"]
    readonly_fields = [
        "job",
        "about",
        "state",
        "kind",
        "error_text",
        "attempts_made",
        "first_failed_at",
        "last_failed_at",
        "next_attempt_at",
    ]
    fields = [*readonly_fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FailedJob]:
        return super().get_queryset(request).defer("body", "headers")

    def get_urls(self) -> list[URLPattern]:
        retry = path("<int:pk>/retry/", self.admin_site.admin_view(self.retry_one), name="messaging_failedjob_retry")
        return [retry, *super().get_urls()]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("messaging.retry_failedjob")

    @admin.action(description="Retry selected failed jobs", permissions=["retry"])
    def retry_selected(self, request: HttpRequest, failed_jobs: QuerySet[FailedJob]) -> None:
        if request.POST.get("select_across") != "1":
            # The list's filter hides what somebody else has retried meanwhile. It was selected: it is to be counted.
            failed_jobs = FailedJob.objects.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        self._retry(request, failed_jobs)

    def retry_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_retry_permission(request):
            raise PermissionDenied
        failed = get_object_or_404(self.get_queryset(request), pk=pk)
        self._retry(request, FailedJob.objects.filter(pk=failed.pk))
        filters: Any = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        return redirect(add_preserved_filters(filters, reverse("admin:messaging_failedjob_change", args=[pk])))

    def _retry(self, request: HttpRequest, failed_jobs: QuerySet[FailedJob]) -> None:
        result = repair.retry(failed_jobs, by=cast("User", request.user))
        if result.queued:
            messages.success(request, f"{count_of_jobs(result.queued)} queued again.")
        if result.skipped:
            messages.warning(
                request, f"{result.skipped} skipped, because somebody was faster or it needs no attention."
            )
        for queue, count in result.without_job.items():
            name = preview.visible(queue) or "without a name"
            messages.error(request, f"{count_of_jobs(count)} not queued: no job of this release has the queue {name}.")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        failed: FailedJob = context["original"]
        attempts = failed.job_attempts.order_by("-number")
        context |= {
            "attempts": [
                {
                    "attempt": each,
                    "error": preview.in_a_line(f"{each.error_class}: {each.error_text}", longest=ERROR_IN_LIST),
                    "traceback": preview.of_traceback(each.traceback),
                }
                for each in attempts[:ATTEMPTS_SHOWN]
            ],
            "earlier_attempts": max(0, attempts.count() - ATTEMPTS_SHOWN),
            "headers": preview.of_headers(failed.headers),
            "body": preview.of_body(bytes(failed.body)),
            "can_retry": failed.state == FailedJob.State.NEEDS_ATTENTION and self.has_retry_permission(request),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(ordering="queue")
    def job(self, failed: FailedJob) -> str:
        """orders.send_confirmation: "Send confirmation"."""
        function = failed.queue.rpartition(".")[2]
        return preview.visible(function.replace("_", " ").capitalize()) or "unknown"

    @admin.display(description="error", ordering="error")
    def error_line(self, failed: FailedJob) -> str:
        line = preview.in_a_line(failed.error, longest=ERROR_IN_LIST)
        return format_html('<span title="{}">{}</span>', preview.visible(failed.error[:ERROR_IN_TITLE]), line)

    @admin.display(description="error")
    def error_text(self, failed: FailedJob) -> str:
        shown = preview.of_text(failed.error)
        return f"{shown.text}\n{shown.note}".strip()

    @admin.display(ordering="kind")
    def failure(self, failed: FailedJob) -> str:
        """The kind without its explanation, which the job's own page gives."""
        return failed.get_kind_display().partition(":")[0]

    @admin.display(ordering="last_failed_at")
    def last_failed(self, failed: FailedJob) -> str:
        return short(failed.last_failed_at)

    @admin.display(description="state", ordering="next_attempt_at")
    def what_next(self, failed: FailedJob) -> str:
        state = failed.get_state_display()
        return format_html("{}, next {}", state, short(failed.next_attempt_at)) if failed.next_attempt_at else state

    @admin.display(description="attempts", ordering="attempts")
    def attempts_made(self, failed: FailedJob) -> str:
        job = registered().get(failed.queue)
        counted = failed.attempts - failed.attempts_forgiven
        words = f"{counted} of {job.retry.attempts}" if job else f"{counted}"
        return f"{words}, after {failed.attempts_forgiven} before a retry" if failed.attempts_forgiven else words


@admin.register(OutboxMessage)
class OutboxMessageAdmin(MessageAdmin):
    list_display = ["message_id", "type", "about", "queue", "attempt", "available_at", "parked_reason"]
    list_filter = [("parked_reason", admin.EmptyFieldListFilter)]
    search_fields = ["message_id", "subject", "type"]
    search_help_text = "Message id, subject (orders.order/42) or type of event"
    ordering = ["available_at", "pk"]
    readonly_fields = ["message_id", "type", "about", "queue", "attempt", "available_at", "parked_reason", "content"]
    fields = [*readonly_fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        return super().get_queryset(request).defer("body")

    @admin.display(description="body")
    def content(self, message: OutboxMessage) -> str:
        shown = preview.of_body(bytes(message.body))
        return format_html("<pre>{}</pre>{}", shown.text, shown.note)


def attach_links(rows: Any, site: admin.AdminSite, request: HttpRequest) -> None:
    """Give each row the link to what it is about, with one query per kind of object."""
    html = links([row.subject for row in rows], site=site, request=request)
    for row in rows:
        row.subject_link = html.get(row.subject)


def short(moment: datetime) -> str:
    """A moment in a column: the year is under the pointer."""
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        date_format(local, "r"),
        date_format(local, "j M, H:i"),
    )


def count_of_jobs(number: int) -> str:
    return f"{number} job" if number == 1 else f"{number} jobs"
