"""`python -m benchmarks [--json] [NAME ...]`: every question in turn, each in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys

from benchmarks.result import decode, show
from shop.local.paths import PROJECT
from shop.local.processes import stop_on_signals

NAMES = (
    "publish_cost",
    "relay_rate",
    "order_to_email",
    "commit_to_mailbox",
    "memory",
    "idle",
    "admin_pages",
    "repair_rate",
    "pictures",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"No benchmark is named {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.")

    stop_on_signals()
    results, failed = [], []
    for name in options.names or NAMES:
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json"]
        done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, check=False)
        if done.returncode:
            failed.append(name)
        else:
            results += decode(done.stdout)
    show(results, as_json=options.json)
    if failed:
        print(f"Not measured, for the reasons above: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
