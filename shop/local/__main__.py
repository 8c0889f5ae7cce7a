"""`python -m shop.local demo|run|test|servers`: the shop and all its servers on one machine. See `make help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import environ

from shop.local.paths import PROJECT
from shop.local.processes import stop_on_signals
from shop.local.say import CannotGoOn, complain


def parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shop.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="forty orders, a killed worker, a missing broker, and a ledger at the end")
    commands.add_parser("run", help="the shop, until Ctrl-C")
    commands.add_parser("test", help="linters, types, checks and the suite; with more words: only pytest, with these")
    servers = commands.add_parser("servers", help="run a command with DATABASE_URL and AMQP_URL of real servers")
    servers.add_argument("arguments", nargs=argparse.REMAINDER, metavar="command")
    chosen, others = parser.parse_known_args(words)
    if chosen.command == "test":
        chosen.arguments = others  # options too, which argparse would take for its own
    elif others:
        parser.error(f"Not understood: {' '.join(others)}")
    return chosen


def main() -> int:
    chosen = parse(sys.argv[1:])
    environ.Env.read_env(PROJECT / ".env")  # as the settings do; what is set in the environment goes first
    stop_on_signals()
    try:
        match chosen.command:
            case "demo":
                from shop.local.demo import demo

                return demo()
            case "run":
                from shop.local.run import run

                return run()
            case "test":
                from shop.local.test import test_everything

                return test_everything(chosen.arguments)
            case _:
                from shop.local.servers import with_servers

                return with_servers(chosen.arguments)
    except CannotGoOn as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain("Interrupted: everything that was started has been stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
