"""An app whose one job does to its worker whatever a test asks for, and which makes the worker's own threads hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.apps import AppConfig


class TroubleConfig(AppConfig):
    name = "tests.acceptance.trouble"

    def ready(self) -> None:
        from messaging import supervisor
        from messaging.broker import Link
        from messaging.housekeeping import Housekeeping
        from messaging.pause import Pauses
        from messaging.relay import Relay

        # However slow the machine is, a worker that dies at once has died young.
        supervisor.SHORTEST_LIFE = 60.0
        for cls, method in ((Link, "_beat_again"), (Relay, "_work"), (Pauses, "probe"), (Housekeeping, "obey_staff")):
            setattr(cls, method, hanging_when_asked(getattr(cls, method)))


def hanging_when_asked(method: Callable[..., Any]) -> Callable[..., Any]:
    """A file says which thread is to hang, in a system call, or to die."""
    from tests.acceptance.trouble.jobs import FOLDER, hang_in_a_system_call

    def wrapped(*args: Any) -> Any:
        thread = threading.current_thread().name
        if (FOLDER / f"0 hang {thread}").exists():
            hang_in_a_system_call()
        if (FOLDER / f"0 die {thread}").exists():
            raise RuntimeError("A bug.")
        return method(*args)

    return wrapped
