"""Child processes: each in a process group of its own, with a log, and none of them outlives its `with` block."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from shop.local.say import CannotGoOn

#: Seconds for a process to stop by itself after its stop signal. Longer than a worker's drain.
PATIENCE = 40.0


class Process:
    """One program and all its descendants."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        show: Callable[[str], None] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """`show` gets each line of output as it comes; the log gets all of them anyway."""
        self.name = name
        self.stop_signal = stop_signal
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if show else output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal reaches the whole foreground group. These are to be stopped in order, by us.
                start_new_session=True,
            )
        self.reader = threading.Thread(target=self._copy_lines, args=(show,), daemon=True) if show else None
        if self.reader:
            self.reader.start()

    def _copy_lines(self, show: Callable[[str], None]) -> None:
        assert self.popen.stdout is not None  # noqa: S101  (a pipe, see above)
        with self.popen.stdout as lines, self.log.open("ab") as log:
            for line in lines:
                log.write(line)
                log.flush()
                show(line.decode(errors="replace").rstrip())

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise CannotGoOn(f"{self.name} ended with exit code {self.popen.returncode}.\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise CannotGoOn(f"{self.name} was not ready after {seconds:.0f} seconds.\n{self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        return f"The end of {self.log}:\n{self.log.read_text(errors='replace')[-2000:]}"

    def kill(self) -> None:
        """kill -9, the program and everything that it started."""
        self._signal_group(signal.SIGKILL)
        self.popen.wait()

    def stop(self, *, patience: float = PATIENCE) -> None:
        """Ask the program to stop (it looks after its own children), then end what is left of the group."""
        if self.running:
            self.popen.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(patience)
        self.kill()
        if self.reader:
            self.reader.join(timeout=1)

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)


class Processes:
    """Starts processes and, at the end of its `with` block, stops them: the last one first."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.started: list[Process] = []

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        show: Callable[[str], None] | None = None,
    ) -> Process:
        process = Process(name, command, env=env, log=self.logs / f"{name}.log", show=show)
        self.started.append(process)
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self.started:
            self.started.pop().stop()


def foreground(command: Sequence[str], *, env: Mapping[str, str]) -> int:
    """Run a program that has our terminal. If we are interrupted, so is it, and it gets its time to clean up."""
    child = subprocess.Popen(command, env=dict(env), start_new_session=True)
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE)
        raise
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def stop_on_signals() -> None:
    """Make SIGTERM and SIGHUP end the program as Ctrl-C does: through every `finally`.

    Once one of the three has come, further ones are ignored, so that nobody interrupts the cleaning up.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, interrupt)
