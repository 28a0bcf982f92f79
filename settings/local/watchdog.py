"""Outlive the supervisor just long enough to end what it leaves: `python -I -S watchdog.py < PIPE`.

The supervisor holds the other end of the pipe and writes `+GROUP SIGNAL` for every process group it starts and
`-GROUP` for every one that ended. When the pipe closes, whatever the reason, each group gets its signal, and what
is still there after a grace period is killed. The kernel's parent-death signal reaches direct children only and
Linux only; this reaches workers of workers, everywhere.
"""

import os
import signal
import sys
import time

GRACE = 5.0


def send(group: int, number: int) -> bool:
    """Signal a group; False if nothing of it is left."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def main() -> None:
    """Read until the pipe closes, then end every group that is still listed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the closed pipe ends the watch
    groups: dict[int, int] = {}
    for line in sys.stdin:
        words = line[1:].split()
        if line[0] == "+":
            groups[int(words[0])] = int(words[1])
        else:
            groups.pop(int(words[0]), None)
    until = time.monotonic() + GRACE
    left = [group for group, number in groups.items() if send(group, number)]
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = [group for group in left if send(group, 0)]
    for group in left:
        send(group, signal.SIGKILL)


main()
