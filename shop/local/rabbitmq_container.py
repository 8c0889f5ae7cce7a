"""A RabbitMQ of our own in a Docker container, on a free port of the loopback interface."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from typing import Self

from shop.local.ports import LOOPBACK
from shop.local.say import CannotGoOn, say

IMAGE = "rabbitmq:4"


class Container:
    def __init__(self, *, name: str, password: str, port: int) -> None:
        self.name = name
        self.url = f"amqp://shop:{password}@{LOOPBACK}:{port}/%2F"

    @classmethod
    def start(cls) -> Self:
        name, password = f"shop-rabbitmq-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
        say(f"Starting {IMAGE} with Docker.")
        docker(
            *("run", "--detach", "--rm", "--name", name, "--publish", f"{LOOPBACK}::5672"),
            *("--env", "RABBITMQ_DEFAULT_USER=shop", "--env", f"RABBITMQ_DEFAULT_PASS={password}", IMAGE),
        )
        try:
            port = int(docker("port", name, "5672/tcp").splitlines()[0].rpartition(":")[2])
            started = cls(name=name, password=password, port=port)
            started.wait_until_ready(seconds=60)
        except BaseException:
            docker("rm", "--force", name)
            raise
        return started

    def wait_until_ready(self, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.ctl("await_startup", "--timeout", "10")
                return
            except CannotGoOn:
                # Right after its start the node is not even there to be waited for.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def stop_app(self) -> None:
        """Take the broker's application away: connections break, new ones are refused, the data stay."""
        self.ctl("stop_app")

    def start_app(self) -> None:
        self.ctl("start_app")

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl in the container and return what it prints."""
        return docker("exec", "--user", "rabbitmq", self.name, "rabbitmqctl", "--quiet", *arguments)

    def stop(self) -> None:
        docker("stop", self.name)


def docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        docker("info", timeout=10)
    except (CannotGoOn, subprocess.TimeoutExpired):
        return False
    return True


def docker(*arguments: str, timeout: float | None = None) -> str:
    # The person's own docker, wherever it is on their PATH.
    command = ["docker", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    if done.returncode:
        raise CannotGoOn(f"docker {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout
