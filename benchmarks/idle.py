"""What does a worker that has nothing to do take of a core?"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from benchmarks import procfs
from benchmarks.result import Result, progress, run
from benchmarks.stage import stage
from shop.local.paths import PROJECT

SECONDS = 30
#: After the start: Python has loaded what it needs, RabbitMQ's first statistics have been sent.
SETTLE = 5

BARE = "import os; from benchmarks.bare_pika import Bare; Bare(os.environ['AMQP_URL']).run()"


def measure() -> Iterator[Result]:
    with stage() as here, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        sqlite = f"sqlite:///{folder}/shop.sqlite3"
        here.start("migrate", database=sqlite).popen.wait()
        for name, database in (("PostgreSQL", None), ("SQLite", sqlite)):
            progress(f"idle: {SECONDS} seconds on {name}")
            worker = here.start_workers(database=database)
            bare = subprocess.Popen([sys.executable, "-c", BARE], cwd=PROJECT)
            try:
                time.sleep(SETTLE)
                share, limit = cpu_shares(worker.popen.pid, bare.pid)
            finally:
                bare.kill()
                bare.wait()
                worker.stop()
            yield Result(
                question=f"CPU of an idle worker on {name}, over {SECONDS} seconds",
                measured=share,
                unit="% of a core",
                at_most=1,
                limit=limit,
                limit_is="an idle connection of bare pika",
            )


def cpu_shares(*pids: int) -> list[float]:
    """Percent of a core that each process takes, over the same seconds."""
    before = [procfs.cpu_seconds(pid) for pid in pids]
    time.sleep(SECONDS)
    return [100 * (procfs.cpu_seconds(pid) - used) / SECONDS for pid, used in zip(pids, before, strict=True)]


if __name__ == "__main__":
    run(measure)
