"""`python -m tests.local.small_stack RUN-DIR [naive]`: real servers and a stubborn family, until it is killed.

`naive` starts the same commands without the launcher and the watchdog: the control.
"""

import subprocess
import sys
import time
from pathlib import Path

from settings.local import node, postgres, valkey
from settings.local.rundir import RunDir
from settings.local.supervisor import Service, Supervisor

STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
os.fork()
time.sleep(300)
"""


def main(run: RunDir, naive: bool) -> None:
    """Start everything, say so, and wait."""
    stubborn = Service("stubborn", [sys.executable, "-c", STUBBORN], lambda: True)
    if naive:
        for service in (valkey.service(run, run.port("valkey")), stubborn):
            subprocess.Popen(service.command, stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(1)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        time.sleep(300)
    supervisor = Supervisor(run)
    postgres.create(run, careless=True)
    servers = [
        postgres.service(run, run.port("postgres"), careless=True),
        valkey.service(run, run.port("valkey")),
        node.service(run, run.port("anvil"), block_time=1),
    ]
    supervisor.start(*servers, stubborn)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    supervisor.watch()


if __name__ == "__main__":
    main(RunDir(Path(sys.argv[1])), "naive" in sys.argv)
