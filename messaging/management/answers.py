"""What the commands for people and monitors have in common: exit codes, and who it is that gives orders."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import Error as DatabaseError

from messaging.management.startup import require_database

FINE, NEEDS_ATTENTION, CANNOT_TELL = 0, 1, 2

EXIT_CODES = f"""\
exit codes:
  {FINE}  all is well
  {NEEDS_ATTENTION}  something needs attention
  {CANNOT_TELL}  nobody can tell: bad usage, or the database does not answer
"""

#: The account in whose name the admin's log has what nobody in particular did at the shell. Nobody can log in with it.
SHELL = "shell"


@contextmanager
def or_cannot_tell() -> Iterator[None]:
    """Make every failure to find out an exit code of its own: a monitor must not take it for a finding."""
    try:
        require_database()
        yield
    except CommandError as error:
        error.returncode = CANNOT_TELL
        raise
    except DatabaseError as error:
        words = " ".join(str(error).split())
        raise CommandError(f"The database has failed: {words}", returncode=CANNOT_TELL) from error


def acting(username: str | None) -> tuple[User, str]:
    """The account that the admin's log names, and who the batch says it was: the shell knows only its own users."""
    here = f"{system_user()}@{socket.gethostname()}"
    if username is None:
        user, made = User.objects.get_or_create(username=SHELL, defaults={"is_active": False})
        if made:
            user.set_unusable_password()
            user.save()
        return user, f"{here} at the shell"
    named = User.objects.filter(username=username).first()
    if named is None:
        raise CommandError(f"No user is named {username}. Without --by, the batch says {here}.")
    return named, f"{username}, as {here} at the shell"


def system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        return f"uid {os.getuid()}"


def as_json(value: Any, *, in_one_line: bool = False) -> str:
    text = msgspec.json.encode(value)
    return (text if in_one_line else msgspec.json.format(text, indent=2)).decode()
