"""A RabbitMQ node of our own, from the system's package: own name, ports, cookie and folders, on loopback only."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Self

from shop.local.packages import install
from shop.local.ports import LOOPBACK, answers, free_ports
from shop.local.processes import Process
from shop.local.say import CannotGoOn

#: The programs themselves. The wrappers in /usr/sbin insist on the user rabbitmq and on the system's node.
PROGRAMS = Path("/usr/lib/rabbitmq/bin")
#: Seconds. It takes half of one when nothing else happens on the machine.
CTL_PATIENCE = 300
#: Where a node's folder says how to reach it.
ADDRESS = "address.json"
#: What lets the nodes of a cluster in, in the folder of each.
COOKIE = ".erlang.cookie"


class PrivateNode:
    """Made by `start()`, or by `at()` for a node that another program of ours has started."""

    def __init__(
        self,
        folder: Path,
        *,
        amqp: int,
        distribution: int,
        epmd: int,
        password: str,
        name: str = "shop",
        joins: str = "",
    ) -> None:
        """`joins` names the node whose cluster this one joins when it boots for the first time."""
        self.folder = folder
        self.amqp = amqp
        self.distribution = distribution
        self.epmd = epmd
        self.password = password
        self.name = f"{name}@localhost"
        self.joins = joins
        self._epmd: Process | None = None
        self._server: Process | None = None

    @classmethod
    def start(cls, folder: Path, *, keep: bool = False, name: str = "shop") -> Self:
        """Start a node whose data live in `folder`: emptied first, unless `keep`."""
        install_rabbitmq()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        amqp, distribution, epmd = free_ports(3)
        password_file = folder / "password"
        if not password_file.exists():
            password_file.touch(mode=0o600)
            password_file.write_text(secrets.token_urlsafe(16))
        password = password_file.read_text()
        node = cls(folder, amqp=amqp, distribution=distribution, epmd=epmd, password=password, name=name)
        node.boot()
        return node

    @classmethod
    def at(cls, folder: Path) -> Self:
        return cls(folder, **json.loads((folder / ADDRESS).read_text()))

    @property
    def url(self) -> str:
        return f"amqp://shop:{self.password}@{LOOPBACK}:{self.amqp}/%2F"

    def stop_app(self) -> None:
        """Take the broker's application away: connections break, new ones are refused, the data stay."""
        self.ctl("stop_app")

    def start_app(self) -> None:
        self.ctl("start_app")

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl on this node and return what it prints."""
        try:
            done = subprocess.run(
                [PROGRAMS / "rabbitmqctl", "--quiet", *arguments],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=CTL_PATIENCE,
            )
        except subprocess.TimeoutExpired as error:
            raise CannotGoOn(f"rabbitmqctl {' '.join(arguments)} did not end in {CTL_PATIENCE} seconds.") from error
        if done.returncode:
            raise CannotGoOn(f"rabbitmqctl {' '.join(arguments)} failed: {done.stderr.strip() or done.stdout}")
        return done.stdout

    def stop(self) -> None:
        """Also its epmd: of several nodes with one, stop its owner last."""
        for process in (self._server, self._epmd):
            if process is not None:
                process.stop()
        self._server = self._epmd = None

    def kill(self) -> None:
        """kill -9, as a machine that burns down does it. The data stay; `boot()` starts the node again."""
        if self._server is not None:
            self._server.kill()
            self._server = None

    def boot(self) -> None:
        self._write_configuration()
        try:
            self._start_epmd()
            server = [str(PROGRAMS / "rabbitmq-server")]
            self._server = Process("rabbitmq", server, env=self.environment(), log=self.folder / "log" / "boot.log")
            self._server.wait_until(lambda: answers(self.amqp), seconds=120)
        except BaseException:
            self.stop()
            raise

    def _start_epmd(self) -> None:
        """Unless another node's answers: the nodes of a cluster find each other through one."""
        if answers(self.epmd):
            return
        epmd = ["epmd", "-port", str(self.epmd), "-address", LOOPBACK]
        self._epmd = Process("epmd", epmd, env=self.environment(), log=self.folder / "log" / "epmd.log")
        self._epmd.wait_until(lambda: answers(self.epmd))

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's RABBITMQ_* or ERL_*: those could mean another node."""
        kept = {name: os.environ[name] for name in ("PATH", "TERM", "TZ") if name in os.environ}
        loopback_only = "-kernel inet_dist_use_interface {127,0,0,1}"
        return kept | {
            "HOME": str(self.folder),  # for the cookie
            "LANG": "C.UTF-8",
            # Always the same, for the data belong to it. No clash: nodes are found through our own epmd.
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self.amqp),
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{loopback_only} -start_epmd false",
            "RABBITMQ_CTL_ERL_ARGS": f"{loopback_only} -start_epmd false",
            "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": LOOPBACK,
        }

    def _write_configuration(self) -> None:
        settings = {
            "default_user": "shop",
            "default_pass": self.password,
            "loopback_users": "none",  # the listener itself is on loopback
            "log.file.level": "warning",
        }
        if self.joins:
            settings["cluster_formation.peer_discovery_backend"] = "classic_config"
            settings["cluster_formation.classic_config.nodes.1"] = self.joins
            settings["cluster_formation.classic_config.nodes.2"] = self.name
        text = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self.folder / "rabbitmq.conf").write_text(text)
        (self.folder / "enabled_plugins").write_text("[].\n")
        address = {
            "amqp": self.amqp,
            "distribution": self.distribution,
            "epmd": self.epmd,
            "password": self.password,
            "name": self.name.partition("@")[0],
        }
        (self.folder / ADDRESS).touch(mode=0o600)
        (self.folder / ADDRESS).write_text(json.dumps(address))


def install_rabbitmq() -> None:
    install(
        "rabbitmq-server",
        because="for a private RabbitMQ node",
        instead="Set AMQP_URL to a RabbitMQ that you run.",
    )
