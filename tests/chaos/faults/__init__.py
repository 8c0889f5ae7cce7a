"""The faults: one function each. It does the damage, waits a while, and repairs what does not repair itself."""

from __future__ import annotations

from tests.chaos.faults import broker, clock, database, jobs, mail, programs, strangers, wires
from tests.chaos.faults.registry import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "broker", "clock", "database", "jobs", "mail", "programs", "strangers", "wires"]
