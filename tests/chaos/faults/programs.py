"""The shop's own programs are killed or asked to stop; whatever started them starts them again."""

from __future__ import annotations

from tests.chaos.diary import Kind
from tests.chaos.faults.registry import came_true, fault, wait
from tests.chaos.stage import Stage


@fault(Kind.PROGRAM, seconds=6, vital=True)
def kill_workers(stage: Stage) -> None:
    """A worker is killed (kill -9) each second."""
    for _ in range(5):
        stage.programs.kill(stage.chance.choice(stage.programs.workers))
        wait(1)


@fault(Kind.PROGRAM, seconds=8)
def kill_all_workers_in_mid_job(stage: Stage) -> None:
    """All workers are killed while the mail server takes its time, so that each has jobs in hand."""
    stage.mail.manners.slow = 1.0
    wait(2)
    for name in stage.programs.workers:
        stage.programs.kill(name)
    stage.mail.manners.slow = 0.0
    wait(4)


@fault(Kind.PROGRAM, seconds=6)
def replace_workers(stage: Stage) -> None:
    """The workers are asked to stop (SIGTERM), one after the other, as when a release is rolled out."""
    stage.mail.manners.slow = 0.5
    for name in stage.programs.workers:
        stage.programs.ask_to_stop(name)
        wait(3)
    stage.mail.manners.slow = 0.0


@fault(Kind.PROGRAM, seconds=5, vital=True)
def kill_relay(stage: Stage) -> None:
    """The relay is killed (kill -9), three times."""
    for _ in range(3):
        stage.programs.kill("relay")
        wait(stage.chance.uniform(0.5, 2.5))


@fault(Kind.WEB, seconds=8, vital=True)
def kill_web_server(stage: Stage) -> None:
    """The web server is killed (kill -9) in the middle of a checkout, twice."""
    for _ in range(2):
        came_true(lambda: stage.customers.checking_out > 0, within=10)
        stage.programs.kill("web")
        wait(3)
