"""`python -m tests.chaos`: see `make chaos`.

CHAOS_SECONDS bounds a round, CHAOS_SEED repeats one, CHAOS_DATABASE=sqlite is the small shop's, with a single broker,
and CHAOS_FAULTS names the faults (functions in tests/chaos/faults, separated by commas), if not all are wanted.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys

from shop.local.lock import only_one
from shop.local.processes import stop_on_signals
from shop.local.say import CannotGoOn, complain, say

SECONDS = 600


def main() -> int:
    argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__).parse_args()
    sqlite = os.environ.get("CHAOS_DATABASE") == "sqlite"
    only = [name.strip() for name in os.environ.get("CHAOS_FAULTS", "").split(",") if name.strip()]
    seconds = float(os.environ.get("CHAOS_SECONDS") or SECONDS)
    seed = os.environ.get("CHAOS_SEED") or secrets.token_hex(4)
    stop_on_signals()
    try:
        with only_one("chaos"):
            return 0 if run(seconds=seconds, seed=seed, sqlite=sqlite, only=only) else 1
    except CannotGoOn as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain("Interrupted: everything that was started has been stopped.")
        return 130


def run(*, seconds: float, seed: str, sqlite: bool, only: list[str]) -> bool:
    from tests.chaos.stage import logs, stage

    chosen = {
        "CHAOS_SEED": seed,
        "CHAOS_SECONDS": f"{seconds:.0f}",
        "CHAOS_DATABASE": "sqlite" if sqlite else "",
        "CHAOS_FAULTS": ",".join(only),
    }
    again = f"{' '.join(f'{name}={value}' for name, value in chosen.items() if value)} make chaos"
    say(f"The same again: {again}")
    with stage(seed=seed, seconds=seconds, sqlite=sqlite) as here:
        from tests.chaos.play import play  # needs Django's settings, which name the servers

        kept = play(here, only=only)
    print(f"\n{'Every promise was kept.' if kept else f'Logs are in {logs()}.'} The same again: {again}")
    return kept


if __name__ == "__main__":
    sys.exit(main())
