"""An app of the round's own: its jobs do what no job should. Its events are published by the faults."""

from __future__ import annotations

import os
from pathlib import Path

from django.apps import AppConfig

from tests.chaos.trouble import clock


class TroubleConfig(AppConfig):
    name = "tests.chaos.trouble"
    label = "trouble"

    def ready(self) -> None:
        if file := os.environ.get(clock.FILE):
            clock.follow(Path(file))
