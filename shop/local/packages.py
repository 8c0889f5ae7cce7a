"""Packages of Debian and Ubuntu, installed when missing, without starting the services that come with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shop.local.say import CannotGoOn, say

#: What invoke-rc.d and deb-systemd-invoke ask before they start a service; exit code 101 means "don't".
POLICY = Path("/usr/sbin/policy-rc.d")
KEEP_OFF = "#!/bin/sh\nexit 101\n"


def install(package: str, *, because: str, instead: str, service: bool = True) -> None:
    """Make sure that `package` is there; `instead` tells what to do on a machine that cannot install it.

    `service` says whether a service comes with it, which is kept from starting.
    """
    if is_installed(package):
        return
    if shutil.which("apt-get") is None:
        raise CannotGoOn(f"{package} is needed {because}, but this is neither Debian nor Ubuntu. {instead}")
    say(f"Installing {package} with apt-get, {because}{'; its own service stays off' if service else ''}.")
    with services_kept_off():
        as_root("apt-get", "update", "-qq")
        as_root(
            *("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qq", "--yes"),
            *("--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", package),
        )
    if service and shutil.which("systemctl"):
        # Both packages name their unit after themselves. Enabled, it would take the default port at the next boot.
        as_root("systemctl", "disable", "--quiet", package)


def is_installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout == "installed"


@contextmanager
def services_kept_off() -> Iterator[None]:
    """What is installed meanwhile starts no service; afterwards the machine's own policy holds again."""
    kept = POLICY.with_name(f"policy-rc.d.kept-{os.getpid()}")
    existed = POLICY.exists()
    if existed:
        as_root("mv", str(POLICY), str(kept))
    try:
        with tempfile.NamedTemporaryFile("w", prefix="policy-") as policy:
            policy.write(KEEP_OFF)
            policy.flush()
            as_root("install", "--mode=755", policy.name, str(POLICY))
        yield
    finally:
        if existed:
            as_root("mv", str(kept), str(POLICY))
        else:
            as_root("rm", "--force", str(POLICY))


def as_root(*command: str) -> None:
    """Run a command as root; its output is shown only if it fails."""
    line = [*sudo(), *command]
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            output.seek(0)
            sys.stderr.write(output.read()[-4000:])
            raise CannotGoOn(f"This command failed, see above: {' '.join(line)}")


def sudo() -> list[str]:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        raise CannotGoOn("Installing a system package takes root or sudo, and neither is at hand.")
    # Without a terminal nobody can type a password, and a hidden question would wait for ever.
    return ["sudo"] if sys.stdin.isatty() else ["sudo", "--non-interactive"]
