"""What messages are about: "orders.order/42" becomes "Order 10042", with a link for those who may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html


def links(subjects: Iterable[str], *, site: AdminSite, request: HttpRequest) -> Mapping[str, str]:
    """HTML for each subject whose row exists and which this user may see. One query per model, however many rows."""
    wanted: dict[type[Model], dict[str, object]] = defaultdict(dict)
    for subject in subjects:
        if found := _parse(subject):
            model, pk = found
            wanted[model][subject] = pk
    html = {}
    for model, pks in wanted.items():
        if site.is_registered(model) and site.get_model_admin(model).has_view_or_change_permission(request):
            rows = model._default_manager.in_bulk(set(pks.values()))
            html.update({subject: _link(rows[pk], site) for subject, pk in pks.items() if pk in rows})
    return html


def _parse(subject: str) -> tuple[type[Model], object] | None:
    """A foreign publisher may have written anything here."""
    label, _, text = subject.partition("/")
    try:
        model = apps.get_model(label)
        pk_field = model._meta.pk
        pk = pk_field.to_python(text)
        pk_field.run_validators(pk)
    except (LookupError, ValueError, ValidationError):
        return None
    return model, pk


def _link(row: Model, site: AdminSite) -> str:
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk], current_app=site.name)
    return format_html('<a href="{}">{}</a>', url, row)
