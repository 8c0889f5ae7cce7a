"""The test's view of the app."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import transaction

from messaging.outbox import publish
from shop.local.processes import Process
from tests.acceptance.trouble.events import Asked


@dataclass(frozen=True)
class Trouble:
    start_worker: Callable[..., Process]
    folder: Path

    def start(self, *arguments: str, **variables: str) -> Process:
        """A worker that knows the job."""
        own = {"DJANGO_SETTINGS_MODULE": "tests.acceptance.trouble.settings", "TROUBLE_FOLDER": str(self.folder)}
        return self.start_worker(*arguments, **own, **variables)

    def ask(self, number: int, deed: str = "work") -> None:
        with transaction.atomic():
            publish(Asked(number=number, deed=deed))

    def begun(self) -> Counter[int]:
        """How often the job was begun, by number."""
        return Counter(int(path.name.split()[0]) for path in self.folder.iterdir() if path.name != "go on")

    def done(self) -> Counter[int]:
        """How often it has done its work, as the database has it."""
        return Counter(int(name.split()[0]) for name in Group.objects.values_list("name", flat=True))

    def permit(self) -> None:
        """Let the jobs end that wait for it."""
        (self.folder / "go on").touch()
