"""Rows of messaging in the admin: to look at, with the objects that they are about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from messaging import preview
from messaging.jobs import registered
from messaging.subjects import known

if TYPE_CHECKING:
    MessageModelAdmin = admin.ModelAdmin[Any]
else:  # Django's classes take no type arguments at run time
    MessageModelAdmin = admin.ModelAdmin

#: Characters of a subject or a name that a foreign publisher chose.
LONGEST_NAME = 120


class MessageList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attach(self.result_list, self.model_admin.admin_site, request)


class MessageAdmin(MessageModelAdmin):
    """What was sent and what became of it: nobody writes it by hand."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
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
            attach([row], self.admin_site, request)
        return row

    @admin.display(description="about", ordering="subject")
    def about(self, row: Any) -> str | None:
        return row.about.link if row.about else preview.in_a_line(row.subject, longest=LONGEST_NAME) or None


def attach(rows: Iterable[Any], site: admin.AdminSite, request: HttpRequest | None) -> None:
    """Give each row what it is about, if there is such a thing and this user may see it; and what to keep from them.

    Without a request it is somebody at the shell, who sees the whole database anyway.
    """
    rows, hidden = list(rows), request is not None and not may_see_addresses(request)
    subjects = known([getattr(row, "subject", "") for row in rows], site=site, request=request)
    for row in rows:
        row.about = subjects.get(getattr(row, "subject", ""))
        row.addresses_hidden = hidden


def may_see_addresses(request: HttpRequest) -> bool:
    return request.user.has_perm("messaging.see_addresses")


def sentence(row: Any) -> str:
    """ "Order confirmation for order 10042"."""
    job = title_of(row.queue)
    if row.about:
        return f"{job} for {row.about.in_sentence}"
    return f"{job} for {preview.in_a_line(row.subject, longest=LONGEST_NAME)}" if row.subject else job


def title_of(queue: str) -> str:
    """What staff call the job of a queue, also if no job of this release has it."""
    job = registered().get(queue)
    return job.title if job else preview.in_a_line(queue, longest=LONGEST_NAME) or "Message without a queue"


def short(moment: datetime) -> str:
    """A moment in a column: the year is under the pointer."""
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        date_format(local, "r"),
        date_format(local, "j M, H:i"),
    )


def jobs_in_words(number: int) -> str:
    return f"{number:,} job" if number == 1 else f"{number:,} jobs"
