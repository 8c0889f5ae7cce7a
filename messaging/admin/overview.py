"""The page about queues and workers: the whole of messaging at a glance, with Pause and Resume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from messaging import preview, staff
from messaging.admin.live import STILL, keep_fresh
from messaging.admin.rows import MessageAdmin, title_of
from messaging.alarms import LONGEST_REASON, lasted, standstill
from messaging.jobs import registered
from messaging.models import PausedQueue, Worker
from messaging.preview import in_a_line
from messaging.status import MINUTES, Pause, QueueStatus, Status, is_running, status

#: Seconds between two looks. Workers report every three.
PAUSE = 5
#: What staff did last to queues.
PAUSES_SHOWN = 5


@dataclass(frozen=True)
class Graph:
    """Messages done, minute by minute, as bars."""

    done: tuple[int, ...]

    HEIGHT, STEP, BAR = 24, 3, 2
    WIDTH = MINUTES * STEP

    @property
    def bars(self) -> Iterator[tuple[int, float, float]]:
        """Where each bar stands, where it begins from above, and how tall it is. A single message can be seen."""
        most = max(self.done)
        for minute, number in enumerate(self.done):
            if number:
                height = round(max(1.5, self.HEIGHT * number / most), 1)
                yield minute * self.STEP, self.HEIGHT - height, height

    @property
    def words(self) -> str:
        total, most = sum(self.done), max(self.done)
        return f"{total:,} in the last hour, at most {most:,} in a minute" if total else "none in the last hour"


@dataclass(frozen=True)
class Row:
    queue: QueueStatus

    @property
    def graph(self) -> Graph:
        return Graph(self.queue.done)

    @property
    def pauses(self) -> list[tuple[Pause, str]]:
        """Each with its reason, fit for a page: a mail server may have written it."""
        return [(pause, in_a_line(pause.reason, longest=LONGEST_REASON)) for pause in self.queue.pauses]

    @property
    def paused_by_staff(self) -> bool:
        return any(pause.by for pause in self.queue.pauses)


@admin.register(Worker)
class OverviewAdmin(MessageAdmin):
    """The list of workers is the page about queues and workers; a worker's own page says what it last reported."""

    list_display = ["host"]
    readonly_fields = ["host", "pid", "release", "concurrency", "jobs", "started_at", "last_seen", "content"]
    fields = [*readonly_fields]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = require_http_methods(["GET", "POST"])
        return [
            path("pause/", view(pages(self.pause)), name="messaging_pausedqueue_pause"),
            path("resume/", view(require_POST(self.resume)), name="messaging_pausedqueue_resume"),
            *super().get_urls(),
        ]

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("messaging.pause_queue")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = status()
        context = {
            **self._context(request, "Queues and workers"),
            **describe(now),
            "can_pause": self.has_pause_permission(request),
            "can_see_failed": request.user.has_perm("messaging.view_failedjob"),
            "can_see_outbox": request.user.has_perm("messaging.view_outboxmessage"),
            "pauses": pauses_by_staff(),
            "still": STILL in request.GET,
            "pause_between_looks": PAUSE,
        }
        return keep_fresh(request, TemplateResponse(request, "admin/messaging/overview.html", context), pause=PAUSE)

    def pause(self, request: HttpRequest) -> HttpResponse:
        """Asks for a reason; with one, does it."""
        queue = self._queue(request)
        reason = " ".join(request.POST.get("reason", "").split())[:255]
        if request.method == "POST" and reason:
            if staff.pause(queue, by=cast("User", request.user), reason=reason):
                messages.success(request, f"{title_of(queue)} is paused. Workers obey within three seconds.")
            else:
                messages.warning(request, f"{title_of(queue)} was paused already: somebody was faster.")
            return redirect("admin:messaging_worker_changelist")
        context = {
            **self._context(request, f"Pause {title_of(queue)}?"),
            "job": title_of(queue),
            "queue": queue,
            "missing": request.method == "POST",
        }
        return TemplateResponse(request, "admin/messaging/pause.html", context)

    def resume(self, request: HttpRequest) -> HttpResponse:
        queue = self._queue(request)
        if staff.resume(queue, by=cast("User", request.user)):
            messages.success(request, f"{title_of(queue)} goes on. Workers obey within three seconds.")
        else:
            messages.warning(request, f"{title_of(queue)} was not paused any more: somebody was faster.")
        return redirect("admin:messaging_worker_changelist")

    @admin.display
    def jobs(self, worker: Worker) -> str:
        return preview.visible(", ".join(worker.queues))

    @admin.display(description="last report")
    def content(self, worker: Worker) -> str:
        report = {"in hand": worker.in_hand, "paused": worker.paused, "what RabbitMQ told it": worker.depths}
        shown = preview.of_json(report)
        return format_html("<pre>{}</pre>{}", shown.text, shown.note)

    def _queue(self, request: HttpRequest) -> str:
        """The queue that the address names. What a release that is gone has paused can be resumed."""
        if not self.has_pause_permission(request):
            raise PermissionDenied
        queue = request.GET.get("queue", "")
        if queue in {*registered(), *PausedQueue.objects.values_list("queue", flat=True)}:
            return queue
        raise Http404("No job of this release has that queue.")

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, "title": title}


def describe(now: Status) -> dict[str, Any]:
    outbox = now.outbox
    return {
        "status": now,
        "troubles": [*standstill(now), *paused_by_staff(now)],
        "unsent_for": lasted(now.moment - outbox.unsent_since) if outbox.unsent_since else None,
        "rows": [Row(queue) for queue in now.queues],
        "workers": [(worker, is_running(worker, now.moment)) for worker in now.workers],
    }


def paused_by_staff(now: Status) -> Iterator[str]:
    """No alarm, for staff know of it. But those who come to work meanwhile should read it first."""
    for queue in now.queues:
        for pause in (pause for pause in queue.pauses if pause.by):
            since = date_format(timezone.localtime(pause.since), "j M, H:i")
            yield f"{queue.title} is paused by {pause.by} since {since}: {preview.visible(pause.reason)}"


def pauses_by_staff() -> QuerySet[LogEntry]:
    of_queues = ContentType.objects.get_for_model(PausedQueue)
    entries = LogEntry.objects.filter(content_type=of_queues).select_related("user")
    return entries.order_by("-action_time")[:PAUSES_SHOWN]
