"""How messages name the row of the database that they are about: "orders.order/42"."""

from __future__ import annotations

from django.db.models import Model


def label_of(row: Model) -> str:
    return f"{prefix_of(type(row))}{row.pk}"


def prefix_of(model: type[Model]) -> str:
    """How the labels of all rows of a model begin."""
    return f"{model._meta.label_lower}/"
