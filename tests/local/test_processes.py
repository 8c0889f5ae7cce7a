from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shop.local.paths import PROJECT
from shop.local.processes import Processes
from shop.local.say import CannotGoOn

#: A program that starts another one, says both process ids, and stays.
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""

#: A program of ours that starts PARENT as `make run` starts the shop.
OURS = f"""
import os, sys, time
from pathlib import Path
from shop.local.processes import Processes, stop_on_signals
stop_on_signals()
with Processes(Path(sys.argv[1])) as processes:
    processes.start("parent", [sys.executable, "-c", {PARENT!r}], env=os.environ)
    time.sleep(600)
"""


def eventually(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def pids_in(log: Path) -> list[int]:
    eventually(lambda: log.exists() and log.read_text().endswith("\n"))
    return [int(pid) for pid in log.read_text().split()]


def test_leaving_the_block_stops_a_program_and_what_it_started(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        process = processes.start("parent", [sys.executable, "-c", PARENT], env=os.environ)
        pids = pids_in(process.log)
        assert all(map(alive, pids))
    eventually(lambda: not any(map(alive, pids)))


def test_a_failure_in_the_block_stops_them_too(tmp_path: Path) -> None:
    processes = Processes(tmp_path)

    def fail_with_a_program_running() -> None:
        with processes:
            pids_in(processes.start("parent", [sys.executable, "-c", PARENT], env=os.environ).log)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_with_a_program_running()
    pids = pids_in(tmp_path / "parent.log")
    eventually(lambda: not any(map(alive, pids)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_its_relatives_leave_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    ours = subprocess.Popen([sys.executable, "-c", OURS, str(tmp_path)], cwd=PROJECT, stderr=subprocess.DEVNULL)
    pids = pids_in(tmp_path / "parent.log")

    ours.send_signal(number)

    ours.wait(20)
    eventually(lambda: not any(map(alive, pids)))


def test_a_program_that_ends_early_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        program = [sys.executable, "-c", "print('no such table'); raise SystemExit(3)"]
        process = processes.start("web", program, env=os.environ)
        with pytest.raises(CannotGoOn, match=r"web ended with exit code 3(.|\n)*no such table"):
            process.wait_until(lambda: False)


def test_lines_are_shown_as_they_come_and_logged(tmp_path: Path) -> None:
    shown: list[str] = []
    with Processes(tmp_path) as processes:
        process = processes.start("web", [sys.executable, "-c", "print('hello')"], env=os.environ, show=shown.append)
        eventually(lambda: shown == ["hello"])
        assert process.log.read_text() == "hello\n"
