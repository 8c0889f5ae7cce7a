from __future__ import annotations

from typing import ClassVar

from messaging.events import Event


class Asked(Event, frozen=True, kw_only=True):
    """Somebody wants the job to do something: see jobs.py for what there is."""

    type: ClassVar[str] = "trouble.asked"

    number: int
    deed: str = "work"
