"""`python -m settings.local up [--reset|--check] | services [-- COMMAND…] | manage WORDS…`."""

import os
import signal
import subprocess
import sys

from settings.local import market
from settings.local.failure import CannotStart
from settings.local.rundir import DEFAULT, ROOT, RunDir
from settings.local.services import running


def services(command: list[str]) -> int:
    """Run a command with fresh servers behind it, or print their environment and wait for Ctrl-C."""
    with running() as env:
        if command:
            return subprocess.run(command, env=os.environ | env, check=False).returncode
        print("\n".join(f"export {name}='{value}'" for name, value in sorted(env.items())), flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


def manage(words: list[str]) -> int:
    """Run a management command in the environment of the running market."""
    running_now = RunDir(DEFAULT).read("up.json")
    if not running_now:
        raise CannotStart("No market runs here: start it with bin/up, in another terminal.")
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.run(command, env=os.environ | running_now["env"], check=False).returncode


def main(words: list[str]) -> int:
    """Do what the words say and return the exit code."""
    match words:
        case ["up", *rest]:
            return market.up(rest)
        case ["manage", *rest]:
            return manage(rest)
        case ["services"]:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
            return services([])
        case ["services", "--", *command]:
            return services(command)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotStart as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(1)
