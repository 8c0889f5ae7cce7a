#!/usr/bin/env python
"""Django's command line for the shop."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{sys.argv[0]}: {error}\n")
        sys.exit(2)  # as for any command that is used wrongly


if __name__ == "__main__":
    main()
