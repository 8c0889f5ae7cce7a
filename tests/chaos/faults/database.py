from __future__ import annotations

from django.db import connection

from tests.chaos.diary import Kind
from tests.chaos.faults.registry import fault, wait
from tests.chaos.stage import FOLDER, Stage


@fault(Kind.DATABASE, seconds=4, vital=True, possible=lambda stage: stage.database is not None)
def restart_database(stage: Stage) -> None:
    """PostgreSQL is restarted in mid-flight (as pg_ctl restart -m immediate)."""
    assert stage.database is not None
    stage.database.crash()
    wait(stage.chance.uniform(0, 2))
    stage.database.boot(log=FOLDER / "postgresql.log", fsync=False)
    connection.close()  # our own, which is broken too
