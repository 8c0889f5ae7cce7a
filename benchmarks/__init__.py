"""What the shop's messages cost and how fast they are: one script per question. See README.md."""

from __future__ import annotations

import os
import secrets

import django

# Here, so that every script can import models at its top. Production settings, because with DEBUG Django keeps a log of
# all queries; names of our own in the broker, so that a shop that uses the same one notices nothing.
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "shop.settings",
    "DEBUG": "False",
    "SECRET_KEY": os.environ.get("SECRET_KEY") or secrets.token_urlsafe(50),
    "MESSAGING_PREFIX": f"benchmark-{os.getpid()}",
}
django.setup()
