"""The shop's programs. Whichever ends is started again, as systemd or an orchestrator would."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from messaging.management.startup import COULD_NOT_START
from shop.local.paths import PROJECT
from shop.local.ports import LOOPBACK, answers
from shop.local.processes import Process, Processes
from tests.chaos.diary import Death, Diary, now

#: Seconds between two looks at what is still running.
TICK = 0.05
#: Bytes of address space of a worker, of which its threads reserve half and use little.
MEMORY_LIMIT = 2 * 1024**3
#: Exit codes of a worker that was asked to stop; that could not go on and has drained; that never began.
IN_PEACE = {0, 1, COULD_NOT_START}
MANAGE = [sys.executable, str(PROJECT / "manage.py")]


@dataclass
class Kept:
    command: Sequence[str]
    environment: Mapping[str, str]
    process: Process
    seen: datetime
    starts: int = 1


class Programs(threading.Thread):
    """A thread that keeps the programs alive until `stop()`."""

    def __init__(self, processes: Processes, diary: Diary) -> None:
        super().__init__(name="keeper", daemon=True)
        self._processes = processes
        self._diary = diary
        self._kept: dict[str, Kept] = {}
        self._lock = threading.RLock()
        self._stopped = threading.Event()

    def keep(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        with self._lock:
            process = self._processes.start(name, command, env=environment)
            self._kept[name] = Kept(command, environment, process, now())

    def keep_web(self, port: int, environment: Mapping[str, str]) -> None:
        command = [
            *(sys.executable, "-m", "gunicorn", "shop.wsgi", f"--bind={LOOPBACK}:{port}", "--workers=2"),
            *("--threads=8", "--log-level=warning", "--no-control-socket"),
        ]
        self.keep("web", command, environment)
        self._kept["web"].process.wait_until(lambda: answers(port))

    def keep_relay(self, environment: Mapping[str, str]) -> None:
        self.keep("relay", [*MANAGE, "run_relay"], environment)

    def keep_worker(self, number: int, environment: Mapping[str, str], *, concurrency: int) -> None:
        limited = ["prlimit", f"--as={MEMORY_LIMIT}", *MANAGE]
        self.keep(
            f"worker-{number}", [*limited, "run_consumer", "--no-relay", f"--concurrency={concurrency}"], environment
        )

    @property
    def workers(self) -> list[str]:
        return [name for name in self._kept if name.startswith("worker")]

    def pid(self, name: str) -> int:
        return self._kept[name].process.popen.pid

    def starts(self, name: str) -> int:
        """How often it was started."""
        return self._kept[name].starts

    def kill(self, name: str) -> None:
        """kill -9. The next look finds it dead."""
        self._kept[name].process.kill()

    def ask_to_stop(self, name: str) -> None:
        """SIGTERM, as when a new release is rolled out."""
        self._kept[name].process.popen.send_signal(signal.SIGTERM)

    def run(self) -> None:
        while not self._stopped.wait(TICK):
            with self._lock:
                for name, kept in self._kept.items():
                    if kept.process.running:
                        kept.seen = now()
                    elif not self._stopped.is_set():
                        self._replace(name, kept)

    def stop(self) -> None:
        """Ask each to end in peace, the web first."""
        self._stopped.set()
        with self._lock:
            for kept in reversed(self._kept.values()):
                kept.process.stop()

    def _replace(self, name: str, kept: Kept) -> None:
        if name.startswith("worker"):
            in_peace = kept.process.popen.returncode in IN_PEACE
            self._diary.deaths.append(Death(kept.seen, now(), sudden=not in_peace))
        kept.process.kill()  # what is left of its group
        kept.process = self._processes.start(name, kept.command, env=kept.environment)
        kept.starts += 1
