"""The programs that make a running shop: web, worker and a mail server, as children of ours."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from shop.local.paths import PROJECT
from shop.local.ports import LOOPBACK, answers
from shop.local.processes import Process, Processes

Show = Callable[[str], None]


class Stack:
    """`environment` is the shop's; the ports and the Maildir are where its programs are reached."""

    def __init__(
        self,
        processes: Processes,
        environment: Mapping[str, str],
        *,
        web: int,
        smtp: int,
        maildir: Path,
        show: Callable[[str], Show] | None = None,
    ) -> None:
        """`show`, given the name of a program, returns what is to be done with its lines of output."""
        self.processes = processes
        self.environment = environment
        self.web = web
        self.smtp = smtp
        self.maildir = maildir
        self.show = show

    def start_mail_server(self) -> Process:
        process = self.start("mail", "shop.local.smtp", f"--port={self.smtp}", f"--maildir={self.maildir}")
        process.wait_until(lambda: answers(self.smtp))
        return process

    def start_mailbox_page(self, port: int) -> Process:
        process = self.start("mailbox", "shop.local.mailbox_page", f"--port={port}", f"--maildir={self.maildir}")
        process.wait_until(lambda: answers(port))
        return process

    def start_worker(self) -> Process:
        return self.start("worker", PROJECT / "manage.py", "run_consumer")

    def start_web(self) -> Process:
        process = self.start(
            *("web", "gunicorn", "shop.wsgi", f"--bind={LOOPBACK}:{self.web}", "--workers=2", "--threads=8"),
            *("--log-level=warning", "--no-control-socket", "--access-logfile=-"),
            "--access-logformat=%(m)s %(U)s answered %(s)s in %(M)s ms",
        )
        process.wait_until(lambda: answers(self.web))
        return process

    def start(self, name: str, program: str | Path, *arguments: str) -> Process:
        module_or_file = ["-m", program] if isinstance(program, str) else [str(program)]
        command = [sys.executable, *module_or_file, *arguments]
        environment = {**self.environment, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(PROJECT)}
        show = self.show(name) if self.show else None
        return self.processes.start(name, command, env=environment, show=show)
