"""Where things are on this machine. Nothing here needs Django's settings."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
#: Everything that running the shop leaves behind: databases, mail, logs, private servers.
RUN = PROJECT / ".run"
