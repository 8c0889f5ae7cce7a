"""What messages are about: "orders.order/42" becomes "Order 10042", with a link for those who may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from messaging.labels import prefix_of

#: Objects that a search may find. Who looks for more is not looking for a customer.
MOST_FOUND = 1000


@dataclass(frozen=True)
class Subject:
    name: str
    url: str
    #: The name as it stands in a sentence: "order 10042", but "Harbour mug".
    in_sentence: str

    @property
    def link(self) -> str:
        return format_html('<a href="{}">{}</a>', self.url, self.name)


class TooMany(Exception):
    """The words of a search say too little."""


def known(labels: Iterable[str], *, site: AdminSite, request: HttpRequest | None) -> Mapping[str, Subject]:
    """The subjects whose row exists and which this user may see. One query per model, however many rows.

    Without a request it is somebody at the shell, who sees the whole database anyway.
    """
    wanted: dict[type[Model], dict[str, object]] = defaultdict(dict)
    for label in labels:
        if found := _parse(label):
            model, pk = found
            wanted[model][label] = pk
    subjects = {}
    for model, pks in wanted.items():
        if not site.is_registered(model):
            continue
        if request is None or site.get_model_admin(model).has_view_or_change_permission(request):
            rows = model._default_manager.in_bulk(set(pks.values()))
            subjects.update({label: _subject(rows[pk], site) for label, pk in pks.items() if pk in rows})
    return subjects


def find(words: str, *, site: AdminSite, request: HttpRequest) -> list[str]:
    """The subjects that this user would find with these words in the lists of those who set `finds_messages`.

    An order is found by its number and by whose it is, although messages say nothing of either. Raises TooMany.
    """
    found: list[str] = []
    for model, model_admin in site._registry.items():
        if not getattr(model_admin, "finds_messages", False) or not model_admin.has_view_or_change_permission(request):
            continue
        rows = model._default_manager.order_by("-pk")
        rows, _ = model_admin.get_search_results(request, rows, words)
        found += [f"{prefix_of(model)}{pk}" for pk in rows.values_list("pk", flat=True)[: MOST_FOUND + 1]]
    if len(found) > MOST_FOUND:
        raise TooMany
    return found


def _parse(label: str) -> tuple[type[Model], object] | None:
    """A foreign publisher may have written anything here."""
    model_label, _, text = label.partition("/")
    try:
        model = apps.get_model(model_label)
        pk_field = model._meta.pk
        pk = pk_field.to_python(text)
        pk_field.run_validators(pk)
    except (LookupError, ValueError, ValidationError):
        return None
    return model, pk


def _subject(row: Model, site: AdminSite) -> Subject:
    meta, name = row._meta, str(row)
    kind = capfirst(str(meta.verbose_name))
    return Subject(
        name=name,
        url=reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk], current_app=site.name),
        in_sentence=name[:1].lower() + name[1:] if name.startswith(kind) else name,
    )
