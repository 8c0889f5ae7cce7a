"""A figure beside its goal and the machine's own limit, as a row of a table or as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence

import msgspec

from shop.local.processes import stop_on_signals
from shop.local.say import CannotGoOn, complain

HEADINGS = ("question", "measured", "goal", "limit in the same run", "ratio", "verdict")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    question: str
    measured: float
    unit: str
    #: Goals; a result without any is there for the reader.
    at_most: float | None = None
    at_least: float | None = None
    at_least_of_limit: float | None = None
    #: What the machine can do at best, in the same unit, and what was done to find out.
    limit: float | None = None
    limit_is: str = ""

    @property
    def ratio(self) -> float | None:
        return self.measured / self.limit if self.limit else None

    @property
    def verdict(self) -> str:
        met = []
        if self.at_most is not None:
            met.append(self.measured <= self.at_most)
        if self.at_least is not None:
            met.append(self.measured >= self.at_least)
        if self.at_least_of_limit is not None:
            met.append(self.ratio is not None and self.ratio >= self.at_least_of_limit)
        if not met:
            return ""
        return "met" if all(met) else "MISSED"


def run(measure: Callable[[], Iterable[Result]]) -> None:
    """What every script does: measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    stop_on_signals()
    try:
        show(list(measure()), as_json=options.json)
    except CannotGoOn as error:
        complain(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def all_met(results: Iterable[Result]) -> bool:
    return all(result.verdict in {"", "met"} for result in results)


def show(results: Sequence[Result], *, as_json: bool) -> None:
    if as_json:
        told = [msgspec.to_builtins(each) | {"ratio": each.ratio, "verdict": each.verdict} for each in results]
        print(msgspec.json.format(msgspec.json.encode(told)).decode())
        return
    rows = [HEADINGS, *(cells(each) for each in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    rows.insert(1, tuple("-" * width for width in widths))
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")


def cells(result: Result) -> tuple[str, ...]:
    unit = result.unit
    goals = []
    if result.at_most is not None:
        goals.append(f"at most {readable(result.at_most)} {unit}")
    if result.at_least is not None:
        goals.append(f"at least {readable(result.at_least)} {unit}")
    if result.at_least_of_limit is not None:
        goals.append(f"{result.at_least_of_limit:.0%} of the limit")
    limit = f"{readable(result.limit)} {unit}: {result.limit_is}" if result.limit is not None else ""
    ratio = f"{result.ratio:.2f}" if result.ratio is not None else ""
    return result.question, f"{readable(result.measured)} {unit}", ", ".join(goals), limit, ratio, result.verdict


def readable(number: float) -> str:
    """Three digits, whatever the size."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def decode(text: bytes) -> list[Result]:
    return msgspec.json.decode(text, type=list[Result])


def progress(text: str) -> None:
    """For the person who waits; the result alone goes to standard output."""
    complain(f"  {text}")
