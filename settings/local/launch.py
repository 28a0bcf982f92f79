"""Become another program that dies with its parent: `python -I -S launch.py PARENT SIGNAL UNROOT -- COMMAND…`.

Runs alone, without the package around it: it stands between the supervisor's fork and the program's exec,
where an import costs start-up time of every process of the stack.
"""

import os
import signal
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534


def leave_root_behind() -> None:
    """Be an ordinary user: in a user namespace that maps us to one, else by becoming `nobody`.

    PostgreSQL refuses to run as root. Inside the namespace, files that root owns are still ours.
    """
    import ctypes

    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and libc.unshare(CLONE_NEWUSER) == 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {uid} 1"), ("gid_map", f"{NOBODY} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        return
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def die_with(parent: int, number: int) -> None:
    """Ask the kernel for signal `number` when the parent ends (Linux only; elsewhere the watchdog alone does it)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we could ask
        sys.exit("The supervisor is gone.")


def main() -> None:
    """Drop root if told to, tie this process to its parent, and become COMMAND."""
    parent, number, unroot = (int(word) for word in sys.argv[1:4])
    command = sys.argv[5:]
    if unroot and os.getuid() == 0:
        leave_root_behind()
    die_with(parent, number)  # after unshare: a change of credentials clears the request
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execvp(command[0], command)


main()
