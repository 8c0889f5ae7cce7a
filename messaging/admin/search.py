"""Failed jobs, found by what staff are told: a number, a name, an address, an id or what an error says."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import QuerySet, Value
from django.db.models.functions import Upper
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal

from messaging import subjects
from messaging.models import FailedJob


def search(
    failed_jobs: QuerySet[FailedJob], words: str, *, site: AdminSite, request: HttpRequest
) -> QuerySet[FailedJob]:
    """What the words name: a message, an order or its customer; else the errors in which they stand."""
    try:
        return failed_jobs.filter(message_id=UUID(words))
    except ValueError:
        pass
    try:
        found = [words] if "/" in words else subjects.find(words, site=site, request=request)
    except subjects.TooMany:
        messages.warning(request, "So many customers match that only the errors have been searched.")
        found = []
    about_them = failed_jobs.filter(subject__in=found)
    if found and ("/" not in words or about_them.exists()):
        return about_them
    return saying(failed_jobs, words)


def saying(failed_jobs: QuerySet[FailedJob], words: str) -> QuerySet[FailedJob]:
    """Those whose error has each of these words, or phrases in quotes, whatever their capitals."""
    for word in smart_split(words):
        quoted = word[0] in "\"'" and word[0] == word[-1] and len(word) > 1
        phrase = unescape_string_literal(word) if quoted else word
        failed_jobs = failed_jobs.filter(searched__contains=Upper(Value(phrase)))
    return failed_jobs
