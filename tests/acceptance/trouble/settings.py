"""The shop's settings, the app that makes trouble, and impatient limits, for worker processes that tests start."""

from __future__ import annotations

import os

from messaging import stopping, time_limit, watchdog
from shop.settings import *  # noqa: F403
from shop.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.acceptance.trouble"]

watchdog.SILENCE = float(os.environ.get("TROUBLE_SILENCE", watchdog.SILENCE))
time_limit.GRACE = 1.0
stopping.STOPPING = float(os.environ.get("TROUBLE_STOPPING", stopping.STOPPING))
