"""A PostgreSQL cluster of our own, from the system's package: own folder, port and password, on loopback only."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import psycopg

from shop.local.packages import install
from shop.local.ports import LOOPBACK, free_ports
from shop.local.processes import Process
from shop.local.say import CannotGoOn

VERSIONS = Path("/usr/lib/postgresql")
#: Seconds for a server to end that was told to drop everything.
PATIENCE = 10


class PrivateCluster:
    def __init__(self, folder: Path, *, port: int, password: str) -> None:
        self.folder = folder
        self.port = port
        self.url = f"postgres://postgres:{password}@{LOOPBACK}:{port}/postgres"
        self._server: Process | None = None

    @classmethod
    def start(cls, folder: Path, *, log: Path, fsync: bool = True) -> Self:
        """Start an empty cluster in `folder`, or elsewhere if PostgreSQL's user may not go there.

        Without `fsync` it is faster and means the same, except that a power cut loses the data.
        """
        install(
            "postgresql",
            because="for a private PostgreSQL cluster",
            instead="Set DATABASE_URL to a PostgreSQL that you run.",
        )
        folder = empty_folder(folder)
        password = secrets.token_urlsafe(16)
        [port] = free_ports(1)
        cluster = cls(folder, port=port, password=password)
        initialize(newest_programs(), folder, password)
        cluster.boot(log=log, fsync=fsync)
        return cluster

    def boot(self, *, log: Path, fsync: bool = True) -> None:
        server = [
            *(*unprivileged(), str(newest_programs() / "postgres"), "-D", str(self.folder / "data")),
            *("-p", str(self.port), "-c", f"listen_addresses={LOOPBACK}", "-c", "unix_socket_directories="),
            *("-c", f"fsync={'on' if fsync else 'off'}", "-c", "max_connections=300"),
        ]
        # SIGTERM would wait for the clients to leave; SIGINT asks them to.
        self._server = Process("postgresql", server, env=plain_environment(), log=log, stop_signal=signal.SIGINT)
        try:
            self._server.wait_until(self.answers)
        except BaseException:
            self.stop()
            raise

    def crash(self) -> None:
        """As `pg_ctl stop -m immediate`: every connection breaks, and the next boot() recovers from the log."""
        if self._server is not None:
            self._server.popen.send_signal(signal.SIGQUIT)
            self._server.popen.wait(PATIENCE)
            self._server = None

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(patience=15)
            self._server = None
        shutil.rmtree(self.folder, ignore_errors=True)


def newest_programs() -> Path:
    versions = sorted(VERSIONS.glob("[0-9]*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise CannotGoOn(f"PostgreSQL's server is not in {VERSIONS}. Set DATABASE_URL to a PostgreSQL that you run.")
    return versions[-1].parent


def unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root, so root becomes the user that the package made for it."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def empty_folder(wanted: Path) -> Path:
    shutil.rmtree(wanted, ignore_errors=True)
    wanted.mkdir(parents=True)
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(wanted, owner.pw_uid, owner.pw_gid)
        if subprocess.run([*unprivileged(), "test", "-w", str(wanted)], check=False).returncode:
            # For instance a checkout in /root, which nobody else may enter.
            wanted.rmdir()
            wanted = Path(tempfile.mkdtemp(prefix="shop-postgresql-"))
            os.chown(wanted, owner.pw_uid, owner.pw_gid)
    return wanted


def initialize(programs: Path, folder: Path, password: str) -> None:
    with tempfile.NamedTemporaryFile("w", prefix="shop-") as file:
        file.write(password)
        file.flush()
        if os.geteuid() == 0:
            os.chown(file.name, pwd.getpwnam("postgres").pw_uid, -1)
        command = [
            *(*unprivileged(), str(programs / "initdb"), "-D", str(folder / "data"), "--username=postgres"),
            *(f"--pwfile={file.name}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        ]
        done = subprocess.run(command, env=plain_environment(), cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotGoOn(f"PostgreSQL's initdb failed: {done.stderr.strip()}")


def plain_environment() -> dict[str, str]:
    """None of the caller's PG* variables: those mean another server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
