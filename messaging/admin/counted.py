"""Filters whose choices say how many rows each would show: all of them from one query, however many filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from messaging.admin.rows import MessageList


class Counts:
    """How many rows there are of each combination of values of some fields."""

    def __init__(self, rows: QuerySet[Any], fields: tuple[str, ...]) -> None:
        self._fields = fields
        self._grouped = rows.order_by().values_list(*fields).annotate(number=Count("*"))

    @cached_property
    def _cells(self) -> list[tuple[dict[str, str], int]]:
        return [(dict(zip(self._fields, values, strict=True)), number) for *values, number in self._grouped]

    def by(self, field: str, *, where: Mapping[str, str]) -> Counter[str]:
        """How many rows each value of a field has, among those with the other fields' values."""
        found: Counter[str] = Counter()
        for values, number in self._cells:
            if all(values[other] == value for other, value in where.items() if other != field):
                found[values[field]] += number
        return found

    def total(self, *, where: Mapping[str, str]) -> int:
        """How many rows there are with these values."""
        return sum(number for values, number in self._cells if where.items() <= values.items())


class CountedPaginator(Paginator[Any]):
    """Does not count again what a filter has counted."""

    @cached_property
    def count(self) -> int:
        known: int | None = getattr(self.object_list, "known_count", None)
        return super().count if known is None else known


class CountedFilter(admin.SimpleListFilter):
    everything = "all"
    parameter_name: str  # as Django has it, but never None
    #: What is chosen when nobody has chosen.
    default: str = everything

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Sequence[tuple[str, str]]:
        """The values that are offered even if no row has them."""
        return []

    def has_output(self) -> bool:
        return True

    def value(self) -> str:
        return super().value() or self.default

    def label(self, value: str) -> str:
        return str(dict(self.lookup_choices).get(value, value))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset  # CountedList narrows it, once it has counted

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        assert isinstance(changelist, CountedList)  # noqa: S101 - Django calls it any
        counts = changelist.counts.by(self.parameter_name, where=changelist.chosen())
        offered = dict.fromkeys([*(value for value, _ in self.lookup_choices), *sorted(counts)])
        if self.value() != self.everything:
            offered.setdefault(self.value())
        total = f"all ({counts.total():,})"
        choices = [(value, f"{self.label(value)} ({counts[value]:,})") for value in offered]
        for value, display in [*choices, (self.everything, total)]:
            yield {
                "selected": value == self.value(),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": display,
            }


class NarrowFilter(admin.SimpleListFilter):
    """Not offered: a link from elsewhere sets it, and then it is shown, with a way out."""

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        value = self.value()
        return [] if value is None else [(value, self.describe(value))]

    def describe(self, value: str) -> str:
        raise NotImplementedError


class CountedList(MessageList):
    """A list whose filters are counted."""

    counted: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        rows = super().get_queryset(request, exclude_parameters)
        self.counts = Counts(rows, self.counted)
        shown: Any = rows.filter(**self.chosen())
        shown.known_count = self.counts.total(where=self.chosen())
        return shown if shown.known_count else rows.none()

    def chosen(self) -> dict[str, str]:
        """The values that counted filters let through."""
        return {
            spec.parameter_name: spec.value()
            for spec in self._counted_filters()
            if spec.value() != CountedFilter.everything
        }

    def in_words(self) -> str:
        """What the list shows, as staff would say it."""
        words = [spec.label(spec.value()) for spec in self._counted_filters() if spec.value() != spec.everything]
        words += [spec.describe(spec.value() or "") for spec in self.filter_specs if isinstance(spec, NarrowFilter)]
        if self.query:
            words.append(f"“{self.query}”")
        return ", ".join(words) or "everything"

    def _counted_filters(self) -> Iterable[CountedFilter]:
        return (spec for spec in self.filter_specs if isinstance(spec, CountedFilter))
